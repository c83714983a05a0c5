#include <algorithm>

#include <fmt/format.h>

#include "async/runtime.hpp"
#include "cli/commands/skills.hpp"
#include "cli/output.hpp"
#include "cli/person.hpp"
#include "cli/terminal.hpp"
#include "os/env.hpp"
#include "platform/audit_sink.hpp"
#include "security/secret_scanner.hpp"
#include "skills/acquire.hpp"
#include "text/utf8.hpp"
#include "tools/skill_scan.hpp"

namespace oap::cli {
namespace {

using Found = skills::Fetched::Found;

constexpr std::size_t kMostFindings = 20;

std::string shown(std::string_view text) {
  return text::escape_visible(text, {.keep_newlines = true});
}

/// What a person must see before they agree.
std::string presented(const skills::Fetched& fetched, const Found& found) {
  std::string text =
      fmt::format("{}\n  {}\n  from {}{}\n  digest {}\n", found.skill.name,
                  shown(found.skill.description), shown(fetched.source.shown),
                  fetched.commit.empty() ? "" : ", commit " + fetched.commit, found.files.digest);
  if (!found.skill.allowed_tools.empty()) {
    text += "  narrows to:";
    for (const std::string& tool : found.skill.allowed_tools) {
      text += " " + shown(tool);
    }
    text += "\n";
  }
  return text + files_text(found.files) + findings_text(found.findings);
}

/// Who agreed to it: "digest", "operator", "person". kUnanswered where nobody can be asked.
Result<std::string> agreed(const platform::Settings& settings, const SkillsArgs& args,
                           const skills::Fetched& fetched, const Found& found) {
  const bool blocked = skills::blocks(found.findings) && !args.accept_findings;
  if (!args.digest.empty()) {
    if (args.digest != found.files.digest) {
      return fail(Code::kFailedPrecondition, "{} is {}, not {}; it has changed or was altered",
                  found.skill.name, found.files.digest, args.digest);
    }
    return blocked ? Result<std::string>(
                         fail(Code::kPermissionDenied,
                              "the scan found something in {}; look at it (oap skills add without "
                              "--digest), then give --accept-findings too",
                              found.skill.name))
                   : Result<std::string>("digest");
  }
  const gateway::SkillSources sources = platform::skill_sources(settings);
  if (!blocked && skills::is_trusted_source(fetched.source, sources.trusted, sources.base_url)) {
    return std::string("operator");
  }
  const std::string text = presented(fetched, found);
  if (!has_terminal()) {
    return fail(Code::kUnanswered,
                "nobody can be asked whether to add {}. Look at it, then give --digest {}{}\n{}",
                found.skill.name, found.files.digest, blocked ? " --accept-findings" : "", text);
  }
  if (!ask_yes_now(text + "Add it? [y/N] ")) {
    return fail(Code::kCancelled, "{} was not added", found.skill.name);
  }
  return std::string("person");
}

Result<std::vector<const Found*>> wanted(const SkillsArgs& args, const skills::Fetched& fetched) {
  std::vector<const Found*> list;
  if (args.all) {
    for (const Found& found : fetched.skills) {
      list.push_back(&found);
    }
    return list;
  }
  std::vector<std::string> names = args.skills;
  if (names.empty()) {
    names.push_back(fetched.source.skill);
  }
  for (const std::string& name : names) {
    OAP_TRY(const Found* const found, skills::choose(fetched, name));
    list.push_back(found);
  }
  return list;
}

Result<skills::Fetched> fetched_from(const platform::Settings& settings, const SkillsArgs& args,
                                     const security::SecretScanner& secrets) {
  const tools::AgentContext context = platform::agent_context(settings);
  OAP_TRY(skills::Source source,
          skills::parse_source(args.name, context.skill_base, settings.paths.home));
  async::Runtime runtime;
  skills::FetchOptions options;
  options.staging = context.staging;
  options.file_scan = tools::skill_scan(secrets);
  return runtime.run(skills::fetch(runtime.executor(), std::move(source), std::move(options)));
}

}  // namespace

std::vector<skills::Finding> scan_of(const skills::Entry& entry) {
  const security::SecretScanner secrets({}, "skills");
  return skills::scan(entry.files, tools::skill_scan(secrets));
}

std::string findings_text(const std::vector<skills::Finding>& findings) {
  std::string text;
  std::size_t listed = 0;
  for (const skills::Finding& finding : findings) {
    if (++listed > kMostFindings) {
      return text + fmt::format("  and {} more findings\n", findings.size() - kMostFindings);
    }
    text += fmt::format("  {} {} {}:{}: {}\n", finding.blocks ? "!!" : " !", finding.kind,
                        shown(finding.file), finding.line, shown(finding.what));
  }
  return text;
}

std::string files_text(const skills::Folder& files) {
  std::string text;
  for (const skills::FolderFile& file : files.files) {
    text += fmt::format("  {:>8}  {}{}\n", file.text.size(), shown(file.path),
                        file.executable ? " (executable)" : "");
  }
  return text;
}

Result<void> note(const platform::Settings& settings, const std::string& type,
                  const skills::Entry& entry) {
  OAP_TRY(const auto audit, platform::open_audit(settings));
  audit::Event event;
  event.event_type = type;
  event.user_id = os::user_name();
  event.success = true;
  event.details = {{"skill", entry.skill.name},
                   {"digest", entry.digest},
                   {"source", entry.source},
                   {"commit", entry.commit},
                   {"scope", skills::to_string(entry.scope)}};
  return audit->append_now(std::move(event));
}

Result<int> add_skills(const platform::Settings& settings, const SkillsArgs& args, bool as_json) {
  const security::SecretScanner secrets({}, "skills");
  OAP_TRY(const skills::Fetched fetched, fetched_from(settings, args, secrets));
  for (const std::string& problem : fetched.problems) {
    print_error(shown(problem));
  }
  OAP_TRY(const std::vector<const Found*> list, wanted(args, fetched));
  const skills::Scope scope = args.user ? skills::Scope::kUser : skills::Scope::kProject;
  json::Array rows;
  std::string text;
  for (const Found* const found : list) {
    OAP_TRY(const std::string by, agreed(settings, args, fetched, *found));
    skills::Entry entry;
    entry.skill = found->skill;
    entry.scope = scope;
    entry.digest = found->files.digest;
    entry.source = fetched.source.shown;
    entry.commit = fetched.commit;
    OAP_CHECK_OK(note(settings, "skill_added", entry));
    OAP_TRY(const skills::Installed installed,
            skills::install(platform::library_options(settings), scope, fetched, *found, by,
                            args.replace));
    rows.push_back(json::Object{{"name", installed.name},
                                {"folder", installed.folder},
                                {"digest", installed.digest},
                                {"source", fetched.source.shown},
                                {"commit", fetched.commit},
                                {"approved_by", by},
                                {"replaced", installed.replaced}});
    text +=
        fmt::format("{}: added to {} ({})\n", installed.name, installed.folder, installed.digest);
  }
  if (as_json) {
    print_json({{"added", std::move(rows)}});
  } else {
    print(text);
  }
  return 0;
}

}  // namespace oap::cli
