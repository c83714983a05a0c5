#include "cli/commands/skills.hpp"

#include <fmt/format.h>

#include "cli/commands/commands.hpp"
#include "cli/output.hpp"
#include "cli/person.hpp"
#include "cli/settings.hpp"
#include "cli/terminal.hpp"
#include "config/paths.hpp"
#include "text/nearest.hpp"
#include "text/utf8.hpp"

namespace oap::cli {
namespace {

using skills::Entry;

std::string shown(std::string_view text) {
  return text::escape_visible(text, {.keep_newlines = true});
}

std::string line_of(const Entry& entry) {
  std::string line =
      fmt::format("{:<24} {:<12} {:<8} {}\n", entry.skill.name, to_string(entry.state),
                  to_string(entry.scope), shown(entry.skill.description));
  if (!entry.why.empty()) {
    line += fmt::format("  {}\n", shown(entry.why));
  }
  return line;
}

int list(const platform::Settings& settings, bool as_json) {
  const skills::Library library = platform::look_at_skills(settings);
  json::Array rows;
  std::string text;
  for (const Entry& entry : library.entries) {
    rows.push_back(skills::to_json(entry));
    text += line_of(entry);
  }
  json::Array problems;
  for (const std::string& problem : library.problems) {
    problems.emplace_back(problem);
    print_error(shown(problem));
  }
  if (as_json) {
    print_json({{"skills", std::move(rows)}, {"problems", std::move(problems)}});
  } else {
    print(text.empty() ? "no skills here; add one with: oap skills add owner/repo\n" : text);
  }
  return 0;
}

Result<const Entry*> named(const skills::Library& library, const std::string& name) {
  const Entry* const entry = library.find(name);
  if (entry == nullptr) {
    return fail(Code::kNotFound, "there is no skill '{}'{}", text::escape_visible(name),
                text::did_you_mean(name, library.names()));
  }
  return entry;
}

Result<int> show(const platform::Settings& settings, const SkillsArgs& args, bool as_json) {
  const skills::Library library = platform::look_at_skills(settings);
  OAP_TRY(const Entry* const entry, named(library, args.name));
  const std::vector<skills::Finding> findings = scan_of(*entry);
  if (as_json) {
    json::Object out = skills::to_json(*entry);
    json::Array all;
    for (const skills::Finding& finding : findings) {
      all.push_back(skills::to_json(finding));
    }
    out["findings"] = std::move(all);
    out["body"] = entry->skill.body;
    print_json(std::move(out));
    return 0;
  }
  std::string text = line_of(*entry);
  text += fmt::format("  folder: {}\n  digest: {}\n", shown(entry->folder), entry->digest);
  if (!entry->source.empty()) {
    text += fmt::format("  source: {} {}\n", shown(entry->source), entry->commit);
  }
  text += files_text(entry->files) + findings_text(findings);
  print(text + "\n" + shown(entry->skill.body) + "\n");
  return 0;
}

Result<int> trust(const platform::Settings& settings, const SkillsArgs& args, bool as_json) {
  OAP_CHECK_OK(config::create_state_dir(settings.paths));
  const skills::LibraryOptions options = platform::library_options(settings);
  const skills::Library library = platform::look_at_skills(settings);
  std::vector<std::string> names;
  if (args.all) {
    for (const Entry& entry : library.entries) {
      if (entry.scope == skills::Scope::kProject && entry.state != Entry::State::kShadowed &&
          entry.state != Entry::State::kBroken) {
        names.push_back(entry.skill.name);
      }
    }
  } else if (args.name.empty()) {
    return fail(Code::kUsage, "name a skill, or give --all");
  } else {
    names.push_back(args.name);
  }
  json::Array done;
  std::string text;
  for (const std::string& name : names) {
    OAP_TRY(const Entry* const entry, named(library, name));
    OAP_CHECK_OK(skills::trust(options, library, name, "person"));
    OAP_CHECK_OK(note(settings, "skill_trusted", *entry));
    done.push_back(json::Object{{"name", name}, {"digest", entry->digest}});
    text += fmt::format("{}: trusted as it stands ({})\n{}", name, entry->digest,
                        findings_text(entry->findings));
  }
  if (as_json) {
    print_json({{"trusted", std::move(done)}});
  } else {
    print(text);
  }
  return 0;
}

Result<int> remove(const platform::Settings& settings, const SkillsArgs& args, bool as_json) {
  const skills::Library library = platform::look_at_skills(settings);
  OAP_TRY(const Entry* const entry, named(library, args.name));
  if (!entry->source.empty() && !entry->pinned && !args.yes) {
    const std::string changed =
        fmt::format("{} in {} was changed since it was added", entry->skill.name, entry->folder);
    if (!has_terminal()) {
      return fail(Code::kUnanswered, "{}, and nobody can be asked; give --yes", changed);
    }
    if (!ask_yes_now(changed + "; what was changed is lost.\nRemove it? [y/N] ")) {
      return fail(Code::kCancelled, "{} was not removed", entry->skill.name);
    }
  }
  OAP_CHECK_OK(skills::remove(platform::library_options(settings), *entry));
  OAP_CHECK_OK(note(settings, "skill_removed", *entry));
  if (as_json) {
    print_json({{"removed", entry->skill.name}, {"folder", entry->folder}});
  } else {
    print(fmt::format("{}: removed from {}\n", entry->skill.name, entry->folder));
  }
  return 0;
}

Result<int> run(const Common& common, const SkillsArgs& args) {
  OAP_TRY(const platform::Settings settings, platform::load_settings(settings_options(common)));
  using Action = SkillsArgs::Action;
  if (args.action != Action::kSearch) {
    OAP_CHECK_OK(config::create_state_dir(settings.paths));
  }
  switch (args.action) {
    case Action::kList:
      return list(settings, common.json);
    case Action::kShow:
      return show(settings, args, common.json);
    case Action::kSearch:
      return search_skills(settings, args, common.json);
    case Action::kAdd:
      return add_skills(settings, args, common.json);
    case Action::kRemove:
      return remove(settings, args, common.json);
    case Action::kTrust:
      return trust(settings, args, common.json);
  }
  return 2;
}

}  // namespace

int skills_command(const Common& common, const SkillsArgs& args) {
  const Result<int> code = run(common, args);
  return code ? *code : report(code.error(), common.json);
}

}  // namespace oap::cli
