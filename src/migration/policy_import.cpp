#include "migration/policy_import.hpp"

#include <iterator>

#include <fmt/format.h>

#include "json/parse.hpp"
#include "migration/codex_rules.hpp"
#include "migration/gemini_rules.hpp"
#include "migration/opencode_rules.hpp"
#include "migration/plan.hpp"
#include "migration/policy_settings.hpp"
#include "migration/toml.hpp"
#include "os/file.hpp"
#include "text/strings.hpp"
#include "text/utf8.hpp"

namespace oap::migration {
namespace {

constexpr std::size_t kMostFile = 1U << 20U;

struct Text {
  std::string file;
  std::string text;
  bool own = false;  ///< of the project
};

std::string_view name_of(PolicyHost host) {
  switch (host) {
    case PolicyHost::kCodex:
      return "codex";
    case PolicyHost::kOpencode:
      return "opencode";
    case PolicyHost::kGemini:
      return "gemini";
  }
  return "";
}

class Import {
 public:
  explicit Import(const PolicyImport& options) : options_(options) {
    report_.host = name_of(options.host);
    report_.source = options.source;
    report_.target = options.target;
    report_.dry_run = options.dry_run;
  }

  Report run() {
    auto source = Tree::open(options_.source);
    if (!source) {
      return failed(source.error().message());
    }
    source_ = &*source;
    collect();
    if (!report_.errors.empty()) {
      report_.failed = true;
      return std::move(report_);
    }
    if (texts_.empty()) {
      return failed(fmt::format("there is no policy of {} in {}{}", report_.host, options_.source,
                                options_.user_dir.empty() ? "" : " or " + options_.user_dir));
    }
    auto made = translate();
    if (!made) {
      for (const std::string_view line : text::split_lines(made.error().message())) {
        report_.errors.emplace_back(line);
      }
      report_.failed = true;
      return std::move(report_);
    }
    report_.warnings = std::move(made->warnings);
    report_.not_carried = std::move(made->not_carried);
    return write(made->rules);
  }

 private:
  Report failed(std::string why) {
    report_.failed = true;
    report_.errors.push_back(std::move(why));
    return std::move(report_);
  }

  void take(const std::string& shown, const Result<std::string>& text, bool own) {
    if (!text) {
      report_.errors.push_back(fmt::format("{}: {}", shown, text.error().message()));
    } else if (!text::is_valid_utf8(*text)) {
      report_.errors.push_back(shown + " is no UTF-8 text");
    } else {
      texts_.push_back({shown, *text, own});
    }
  }

  void collect_user(const std::string& directory, std::string_view ending) {
    if (options_.user_dir.empty() || !os::is_directory(directory)) {
      return;
    }
    if (const auto names = os::list_dir(directory)) {
      for (const std::string& name : *names) {
        if (name.ends_with(ending)) {
          take(directory + "/" + name, os::read_file(directory + "/" + name, kMostFile), false);
        }
      }
    }
  }

  void user_file(std::string_view name) {
    const std::string path = options_.user_dir + std::string(name);
    if (!options_.user_dir.empty() && os::exists(path)) {
      take(path, os::read_file(path, kMostFile), false);
    }
  }

  void own_file(const std::string& path) {
    const auto real = source_->resolve(path);
    if (real && source_->kind(*real) == Kind::kAbsent) {
      return;
    }
    const auto text = source_->read(path, kMostFile);
    take(path, text ? Result<std::string>(text->text) : Result<std::string>(fail(text.error())),
         true);
  }

  void own_files(const std::string& directory, std::string_view ending) {
    const auto real = source_->resolve(directory);
    if (real && source_->kind(*real) == Kind::kAbsent) {
      return;
    }
    const auto entries = source_->list(directory);
    if (!entries) {
      report_.errors.push_back(fmt::format("{}: {}", directory, entries.error().message()));
      return;
    }
    for (const Entry& entry : *entries) {
      if (entry.name.ends_with(ending)) {
        own_file(directory + "/" + entry.name);
      }
    }
  }

  void collect() {
    switch (options_.host) {
      case PolicyHost::kCodex:
        user_file("/config.toml");
        own_file(".codex/config.toml");
        own_file(".codex/hooks.json");
        collect_user(options_.user_dir + "/rules", ".rules");
        return own_files(".codex/rules", ".rules");
      case PolicyHost::kGemini:
        user_file("/settings.json");
        own_file(".gemini/settings.json");
        collect_user(options_.user_dir + "/policies", ".toml");
        return own_files(".gemini/policies", ".toml");
      case PolicyHost::kOpencode:
        user_file("/opencode.json");
        user_file("/opencode.jsonc");
        for (const char* name : {"opencode.json", "opencode.jsonc", ".opencode/opencode.json",
                                 ".opencode/opencode.jsonc"}) {
          own_file(name);
        }
        return;
    }
  }

  Result<Translation> translate() {
    switch (options_.host) {
      case PolicyHost::kCodex:
        return codex();
      case PolicyHost::kOpencode:
        return opencode();
      case PolicyHost::kGemini:
        return gemini();
    }
    return Translation{};
  }

  Result<Translation> codex() {
    Translation all;
    bool never = false;
    for (const Text& one : texts_) {
      if (one.file.ends_with(".json")) {
        all.not_carried.push_back({one.file, one.file,
                                   "only rules are imported: hooks stand in .opencode/hooks, in "
                                   "the form that Claude Code has"});
        continue;
      }
      if (one.file.ends_with(".toml")) {
        OAP_TRY(json::Object value, parse_toml(one.text, one.file));
        never = take_codex_config(value, one.file, never, all);
        continue;
      }
      OAP_TRY(Translation made, translate_codex(one.text, one.file));
      std::move(made.rules.begin(), made.rules.end(), std::back_inserter(all.rules));
      std::move(made.not_carried.begin(), made.not_carried.end(),
                std::back_inserter(all.not_carried));
    }
    for (json::Object& rule : all.rules) {
      if (never && json::get_string(rule, "level") == to_string(Level::kAsk)) {
        rule["level"] = to_string(Level::kDeny);
      }
    }
    return all;
  }

  static Result<json::Object> json_of(const Text& one) {
    auto value = json::parse_object(plain_json(one.text), {64, kMostFile});
    if (!value) {
      return fail(Code::kConfiguration, "{}: {}", one.file, value.error().message());
    }
    return *std::move(value);
  }

  Result<Translation> opencode() {
    std::vector<OpencodeFile> files;
    for (const Text& one : texts_) {
      OAP_TRY(json::Object value, json_of(one));
      files.push_back({one.file, std::move(value)});
    }
    return translate_opencode(files);
  }

  Result<Translation> gemini() {
    std::vector<GeminiFile> files;
    Translation beside;
    for (const Text& one : texts_) {
      if (one.file.ends_with(".json")) {
        OAP_TRY(json::Object value, json_of(one));
        files.push_back(gemini_settings(value, one.file, beside));
        continue;
      }
      OAP_TRY(json::Object value, parse_toml(one.text, one.file));
      files.push_back({one.file, one.own ? 3 : 4, std::move(value)});
    }
    OAP_TRY(Translation made, translate_gemini(files));
    std::move(beside.not_carried.begin(), beside.not_carried.end(),
              std::back_inserter(made.not_carried));
    return made;
  }

  Report write(const std::vector<json::Object>& rules) {
    std::string block;
    for (const std::string& line : rule_lines(rules)) {
      block += "  " + line + "\n";
    }
    if (auto fault = rules_fault(with_block("", report_.host, block)); !fault.empty()) {
      return failed(std::move(fault));
    }
    report_.migrated("permissions");
    Plan plan;
    plan.files.push_back({std::string(kPermissions), std::move(block), false, true, false});
    apply(options_.target, plan, options_.dry_run, report_);
    return std::move(report_);
  }

  const PolicyImport& options_;
  const Tree* source_ = nullptr;
  Report report_;
  std::vector<Text> texts_;
};

}  // namespace

Report import_policy(const PolicyImport& options) { return Import(options).run(); }

}  // namespace oap::migration
