#include <string>

#include <fmt/format.h>

#include "cli/commands/commands.hpp"
#include "cli/output.hpp"
#include "config/paths.hpp"
#include "migration/claude_code.hpp"
#include "migration/plan.hpp"
#include "migration/policy_import.hpp"
#include "migration/validate.hpp"
#include "os/env.hpp"
#include "os/file.hpp"

namespace oap::cli {
namespace {

using Host = MigrateArgs::Host;

std::string_view host_name(Host host) {
  switch (host) {
    case Host::kClaudeCode:
      return "claude-code";
    case Host::kCodex:
      return "codex";
    case Host::kOpencode:
      return "opencode";
    case Host::kGemini:
      return "gemini";
    case Host::kValidate:
      return "validate";
  }
  return "";
}

/// Absolute, as it was given.
std::string place(const std::string& given, const std::string& workspace) {
  if (given.empty() || given.starts_with('/')) {
    return given.empty() ? workspace : given;
  }
  const auto canonical = os::canonical_path(given);
  return canonical ? *canonical : given;
}

/// A folder that is itself `.claude` stands for the one that holds it.
std::string above_dot_claude(std::string source) {
  while (source.size() > 1 && source.ends_with('/')) {
    source.pop_back();
  }
  return source.ends_with("/.claude") ? source.substr(0, source.size() - 8) : source;
}

migration::ClaudeImport claude_import(const MigrateArgs& args, const std::string& workspace) {
  migration::ClaudeImport options;
  options.source = above_dot_claude(place(args.source, workspace));
  options.target = place(args.target, workspace);
  options.dry_run = args.dry_run;
  if (!args.project_only) {
    const auto given = os::env("CLAUDE_CONFIG_DIR");
    const std::string home = os::home_dir();
    options.places.user_dir =
        given && !given->empty() ? *given : (home.empty() ? "" : home + "/.claude");
    options.places.managed_dir = "/etc/claude-code";
  }
  if (options.places.user_dir == options.source + "/.claude") {
    options.places.user_dir.clear();
  }
  return options;
}

migration::PolicyImport policy_import(const MigrateArgs& args, const std::string& workspace) {
  migration::PolicyImport options;
  options.source = place(args.source, workspace);
  options.target = place(args.target, workspace);
  options.dry_run = args.dry_run;
  const std::string home = os::home_dir();
  const auto variable = [](const char* name, std::string fallback) {
    const auto given = os::env(name);
    return given && !given->empty() ? *given : std::move(fallback);
  };
  if (args.host == Host::kOpencode) {
    options.host = migration::PolicyHost::kOpencode;
    options.user_dir = variable("XDG_CONFIG_HOME", home + "/.config") + "/opencode";
  } else if (args.host == Host::kGemini) {
    options.host = migration::PolicyHost::kGemini;
    options.user_dir = home + "/.gemini";
  } else {
    options.user_dir = variable("CODEX_HOME", home + "/.codex");
  }
  if (args.project_only || home.empty()) {
    options.user_dir.clear();
  }
  return options;
}

int show(const migration::Report& report, bool json, std::string_view next) {
  if (json) {
    print_json(migration::to_json(report));
  } else {
    print(migration::to_text(report));
    if (report.status() != "failed" && !report.dry_run && !next.empty()) {
      print(fmt::format("Next: {}\n", next));
    }
  }
  return report.status() == "success" ? 0 : 1;
}

int validate(const std::string& target, bool json) {
  const migration::Validation found = migration::validate(target);
  if (json) {
    print_json(migration::to_json(found));
  } else {
    print(migration::to_text(found));
  }
  return found.valid ? 0 : 1;
}

}  // namespace

namespace {

/// What is the person's own, into their own settings.
int migrate_user(const Common& common, const MigrateArgs& args) {
  migration::ClaudeImport options = claude_import(args, "");
  const auto given = os::env("XDG_CONFIG_HOME");
  const std::string home = os::home_dir();
  options.target =
      place(args.target, (given && given->starts_with('/') ? *given : home + "/.config") + "/oap");
  if (!args.source.empty()) {
    options.places.user_dir = above_dot_claude(place(args.source, "")) + "/.claude";
  }
  if (home.empty() || options.places.user_dir.empty() || args.project_only) {
    return report(Error(Code::kUsage, "--user needs a home directory and no --project-only"),
                  common.json);
  }
  if (args.undo) {
    migration::Report done;
    done.host = "claude-code";
    done.source = done.target = options.target;
    done.dry_run = args.dry_run;
    migration::undo(options.target, args.dry_run, done, true);
    return show(done, common.json, "");
  }
  return show(migration::import_claude_user(options), common.json, "oap config check");
}

}  // namespace

int migrate_command(const Common& common, const MigrateArgs& args) {
  std::optional<std::string> named;
  if (!common.workspace.empty()) {
    named = common.workspace;
  }
  std::string workspace;
  if (!args.user && (args.source.empty() || args.target.empty())) {
    const auto found = config::find_workspace(named, ".", config::process_env());
    if (!found) {
      return report(found.error(), common.json);
    }
    workspace = *found;
  }
  if (args.user) {
    return migrate_user(common, args);
  }
  const std::string target = place(args.target, workspace);
  if (args.host == Host::kValidate) {
    return validate(target, common.json);
  }
  migration::Report done;
  if (args.undo) {
    done.host = host_name(args.host);
    done.source = done.target = target;
    done.dry_run = args.dry_run;
    migration::undo(target, args.dry_run, done);
    return show(done, common.json, "");
  }
  if (args.host == Host::kClaudeCode) {
    done = migration::import_claude_code(claude_import(args, workspace));
  } else {
    done = migration::import_policy(policy_import(args, workspace));
  }
  return show(
      done, common.json,
      "oap trust, so that the imported allow rules and servers count (deny and ask rules do "
      "already); oap migrate validate");
}

}  // namespace oap::cli
