#include "migration/claude_sandbox.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "text/strings.hpp"
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
    } else if (key == "credentials" && value.is_object()) {
      credentials(value.get_object());
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

  /// What a wildcard opens as a whole is not opened where the settings close a part of it.
  static bool opens(std::string_view allowed, std::string_view denied) {
    const auto parent = [](std::string_view name) {
      return name.starts_with("*.") ? name.substr(2) : name;
    };
    const std::string wide = "." + std::string(parent(allowed));
    const std::string narrow = "." + std::string(parent(denied));
    return narrow == wide || (allowed.starts_with("*.") && narrow.ends_with(wide)) ||
           (denied.starts_with("*.") && wide.ends_with(narrow)) || denied == "*";
  }

  void network(const json::Object& network) {
    std::vector<std::string> denied;
    if (const json::Array* const list = json::find_array(network, "deniedDomains")) {
      for (const json::Value& host : *list) {
        denied.push_back(text::lower_ascii(host.is_string() ? json::view(host.get_string()) : ""));
      }
    }
    for (const auto& one : network) {
      const std::string key = fmt::format("sandbox.network.{}", text::escape_visible(one.key()));
      if (one.key() == "deniedDomains" && one.value().is_array()) {
        deny_hosts(key, denied);
      } else if (one.key() == "allowedDomains" && one.value().is_array()) {
        allow_hosts(key, one.value().get_array(), denied);
      } else {
        lost(key, "has no counterpart here: see sandbox.allowed_hosts");
      }
    }
  }

  void deny_hosts(const std::string& key, const std::vector<std::string>& denied) {
    for (const std::string& host : denied) {
      const ClaudeRule rule{Level::kDeny, Layer::kProject, key + ": " + host, from_.sandbox_where};
      Translation made;
      translate_domain(rule, RuleMaker(Level::kDeny, key), host, made);
      add(std::move(made));
    }
    report_.warnings.push_back(
        key +
        ": no web_fetch gets there and no host of allowedDomains opens it; what a command may "
        "reach is what sandbox.allowed_hosts lists");
  }

  void allow_hosts(const std::string& key, const json::Array& list,
                   const std::vector<std::string>& denied) {
    json::Array hosts;
    for (const json::Value& host : list) {
      const std::string name =
          text::lower_ascii(host.is_string() ? json::view(host.get_string()) : "");
      if (!is_host(name)) {
        lost(key + ": " + text::escape_visible(name),
             "is no host such as example.org or *.example.org");
      } else if (std::any_of(denied.begin(), denied.end(),
                             [&](const std::string& one) { return opens(name, one); })) {
        lost(key + ": " + text::escape_visible(name),
             "a host of deniedDomains is one of it, and there is no list of exceptions here");
      } else {
        hosts.emplace_back(name);
      }
    }
    out_.settings["allowed_hosts"] = std::move(hosts);
  }

  /// Files that no sandboxed command may read are denied; a mask, which shows a placeholder, too.
  void credentials(const json::Object& credentials) {
    for (const auto& one : credentials) {
      const std::string key =
          fmt::format("sandbox.credentials.{}", text::escape_visible(one.key()));
      if (one.key() != "files" || !one.value().is_array()) {
        lost(key, one.key() == "envVars"
                      ? "a command gets a minimal environment here, without any such variable"
                      : "has no counterpart here: nothing is put in the place of a credential");
        continue;
      }
      for (const json::Value& file : one.value().get_array()) {
        const std::string_view path = json::get_string(file, "path");
        if (json::get_string(file, "mode") == "mask") {
          report_.warnings.push_back(
              fmt::format("{}: {}: may not be read at all here, in the place "
                          "of being masked",
                          key, text::escape_visible(path)));
        }
        deny(key, true, path);
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
    add(std::move(made));
  }

  void add(Translation made) {
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
