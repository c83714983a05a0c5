#include <map>

#include "async/run_blocking.hpp"
#include "security/secret_scanner.hpp"
#include "skills/render.hpp"
#include "text/nearest.hpp"
#include "text/utf8.hpp"
#include "tools/entry.hpp"
#include "tools/skill_scan.hpp"

namespace oap::tools {
namespace {

/// The library as this process may use it: in a folder that is trusted for this process only, what
/// was not there when it began is not part of it.
class Shelf {
 public:
  explicit Shelf(skills::LibraryOptions options)
      : options_(std::move(options)), secrets_({}, "skills") {
    if (options_.trusted && !options_.recorded) {
      for (const skills::Entry& entry : look().entries) {
        first_[entry.folder] = entry.digest;
      }
      limited_ = true;
    }
  }

  skills::Library look() const {
    skills::Library library = skills::look(options_, skill_scan(secrets_));
    for (skills::Entry& entry : library.entries) {
      const auto found = first_.find(entry.folder);
      const bool as_it_was = found != first_.end() && found->second == entry.digest;
      if (limited_ && entry.scope == skills::Scope::kProject && !entry.pinned && !as_it_was &&
          entry.state == skills::Entry::State::kReady) {
        entry.state = skills::Entry::State::kQuarantined;
        entry.why =
            "it is new or has changed since this program began; look at it, then: oap "
            "skills trust " +
            entry.skill.name;
      }
    }
    return library;
  }
  const skills::LibraryOptions& options() const { return options_; }

 private:
  skills::LibraryOptions options_;
  security::SecretScanner secrets_;
  std::map<std::string, std::string> first_;
  bool limited_ = false;
};

json::Array names(const std::vector<std::string>& list) {
  json::Array array;
  for (const std::string& name : list) {
    array.emplace_back(name);
  }
  return array;
}

Result<ToolResult> use(const Shelf& shelf, const json::Value& arguments) {
  const skills::Library library = shelf.look();
  const std::string name(json::get_string(arguments, "name"));
  if (name.empty()) {
    return ToolResult::text(skills::overview(library));
  }
  const skills::Entry* const entry = library.find(name);
  if (entry == nullptr) {
    return fail(Code::kNotFound, "there is no skill '{}'{}; call skill without a name for the list",
                text::escape_visible(name), text::did_you_mean(name, library.names()));
  }
  if (entry->state != skills::Entry::State::kReady) {
    return fail(Code::kPermissionDenied, "the skill {} may not be used: {}", name, entry->why);
  }
  if (!entry->skill.model_may_call) {
    return fail(Code::kPermissionDenied, "the skill {} is for a person to call, not for a model",
                name);
  }
  ToolResult result = ToolResult::text(skills::render(
      *entry, json::get_string(arguments, "arguments"), {"", shelf.options().workspace}));
  result.structured = json::Object{{"skill", entry->skill.name},
                                   {"digest", entry->digest},
                                   {"source", entry->source},
                                   {"allowed_tools", names(entry->skill.allowed_tools)},
                                   {"disallowed_tools", names(entry->skill.disallowed_tools)}};
  return result;
}

class SkillTool final : public mcp::Tool {
 public:
  SkillTool(json::Object definition, std::shared_ptr<const Shared> shared)
      : definition_(std::move(definition)),
        shared_(std::move(shared)),
        shelf_(std::make_shared<const Shelf>(shared_->context.agent ? shared_->context.agent->skills
                                                                    : skills::LibraryOptions{})) {}
  const json::Object& definition() const override { return definition_; }
  Task<ToolResult> call(json::Object arguments, mcp::CallContext /*context*/) override {
    auto work = [shelf = shelf_, given = json::Value(std::move(arguments))] {
      return use(*shelf, given);
    };
    auto result = co_await async::run_blocking(*shared_->blocking, std::move(work));
    if (!result) {
      co_return ToolResult::text(result.error().to_string(), true);
    }
    co_return *std::move(result);
  }

 private:
  json::Object definition_;
  std::shared_ptr<const Shared> shared_;  // with the other tools
  std::shared_ptr<const Shelf> shelf_;    // with work on other threads
};

std::unique_ptr<mcp::Tool> make(json::Object definition, std::shared_ptr<const Shared> shared) {
  return std::make_unique<SkillTool>(std::move(definition), std::move(shared));
}

}  // namespace

Entry skill() {
  return {define("skill", "Use a skill", Effect::kReads, R"({
    "name": {"type": "string", "maxLength": 64, "description": "The skill; absent: list them."},
    "arguments": {"type": "string", "maxLength": 100000,
      "description": "What the skill is to work on, as its description says."}})",
                 "[]"),
          &make};
}

}  // namespace oap::tools
