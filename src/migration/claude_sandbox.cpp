#include "migration/claude_sandbox.hpp"

#include <fmt/format.h>

#include "text/utf8.hpp"

namespace oap::migration {
namespace {

class Sandbox {
 public:
  Sandbox(const ClaudeSettings& from, Report& report) : from_(from), report_(report) {}

  SandboxParts run() {
    if (!from_.sandbox.empty()) {
      report_.migrated("sandbox");
    }
    for (const auto& one : from_.sandbox) {
      take(one.key(), one.value());
    }
    return std::move(out_);
  }

 private:
  void lost(std::string key, std::string_view reason) {
    report_.not_carried.push_back({std::move(key), from_.sandbox_where, std::string(reason)});
  }

  void take(std::string_view key, const json::Value& value) {
    const std::string name = fmt::format("sandbox.{}", text::escape_visible(key));
    const bool on = value.is_bool() && value.get_bool();
    if (key == "enabled") {
      if (!on) {
        lost(name, "every call runs in the sandbox here");
      }
    } else if (key == "failIfUnavailable") {
      if (on) {
        out_.settings["require"] = json::Array{"fs"};
      }
    } else if (key == "network" && value.is_object()) {
      network(value.get_object());
    } else if (key == "filesystem" && value.is_object()) {
      filesystem(value.get_object());
    } else if (key == "autoAllowBashIfSandboxed") {
      lost(
          name,
          "a sandboxed command still needs a rule that allows it: add {program: '*', level: allow} "
          "to a permissions.yaml of yours if you want that");
    } else {
      lost(name, "has no counterpart here: no command leaves the sandbox");
    }
  }

  static bool is_host(std::string_view name) {
    const std::size_t star = name.rfind('*');
    return !name.empty() && name.find_first_of(" /\\@?#") == std::string_view::npos &&
           (star == std::string_view::npos || (star == 0 && name.starts_with("*.")));
  }

  void network(const json::Object& network) {
    for (const auto& one : network) {
      const std::string key = fmt::format("sandbox.network.{}", text::escape_visible(one.key()));
      if (one.key() != "allowedDomains" || !one.value().is_array()) {
        lost(key, "has no counterpart here: see sandbox.allowed_hosts");
        continue;
      }
      json::Array hosts;
      for (const json::Value& host : one.value().get_array()) {
        const std::string_view name = host.is_string() ? json::view(host.get_string()) : "";
        if (is_host(name)) {
          hosts.emplace_back(name);
        } else {
          lost(key + ": " + text::escape_visible(name),
               "is no host such as example.org or *.example.org");
        }
      }
      if (!hosts.empty()) {
        out_.settings["allowed_hosts"] = std::move(hosts);
      }
    }
  }

  void filesystem(const json::Object& filesystem) {
    for (const auto& one : filesystem) {
      const std::string key = fmt::format("sandbox.filesystem.{}", text::escape_visible(one.key()));
      const bool reads = one.key() == "denyRead";
      if ((!reads && one.key() != "denyWrite") || !one.value().is_array()) {
        lost(key, "opens nothing here: a call reaches the workspace and what `oap sandbox` shows");
        continue;
      }
      for (const json::Value& path : one.value().get_array()) {
        deny(key, reads, path.is_string() ? json::view(path.get_string()) : "");
      }
    }
  }

  void deny(const std::string& key, bool reads, std::string_view path) {
    std::string text(path);
    // In this list a single slash is the root.
    if (text.starts_with('/') && !text.starts_with("//")) {
      text.insert(0, "/");
    }
    const ClaudeRule rule{Level::kDeny, Layer::kProject, text, from_.sandbox_where};
    Translation made;
    translate_path(rule, RuleMaker(Level::kDeny, key), reads ? "read" : "write", text, made);
    out_.rules.insert(out_.rules.end(), made.rules.begin(), made.rules.end());
    report_.not_carried.insert(report_.not_carried.end(), made.not_carried.begin(),
                               made.not_carried.end());
  }

  const ClaudeSettings& from_;
  Report& report_;
  SandboxParts out_;
};

}  // namespace

SandboxParts translate_sandbox(const ClaudeSettings& settings, Report& report) {
  return Sandbox(settings, report).run();
}

}  // namespace oap::migration
