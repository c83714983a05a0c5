#include "config/decode_sections.hpp"
#include "config/decode_values.hpp"

namespace oap::config {
namespace {

void decode_scanner(const json::Value& value, Decoding& at) {
  const auto level = [&](std::string_view key) {
    const std::string_view word = json::get_string(value, key);
    return word == "deny" ? Level::kDeny : word == "allow" ? Level::kAllow : Level::kAsk;
  };
  CodeScanner& scanner = at.config.security.scanner;
  scanner.enabled = json::get_bool(value, "enabled", true);
  scanner.critical = level("critical");
  scanner.secret_writes = level("secret_writes");
  if (const json::Array* const accepted = json::find_array(value, "whitelist")) {
    for (const json::Value& entry : *accepted) {
      scanner.whitelist.push_back(
          {text_of(entry, "fingerprint"), text_of(entry, "path"), text_of(entry, "expires")});
    }
  }
}

}  // namespace

void decode_security(const json::Value& value, Decoding& at) {
  Security& security = at.config.security;
  const std::string_view level = json::get_string(value, "default_permission");
  if (!level.empty()) {
    security.default_permission = level == "allow"  ? Level::kAllow
                                  : level == "deny" ? Level::kDeny
                                                    : Level::kAsk;
  }
  const json::Value& audit = section(value, "audit");
  security.audit.enabled = json::get_bool(audit, "enabled");
  security.audit.retention_days = whole(audit, "retention_days");
  if (const std::string file = text_of(audit, "log_file"); !file.empty()) {
    security.audit.log_file = at.absolute(file);
  }
  if (const std::string key = text_of(audit, "encryption_key"); !key.empty()) {
    security.audit.encryption_key = key;
  }
  security.audit.continue_on_failure = json::get_string(audit, "failure_policy") == "continue";
  security.require_approval_for = texts(value, "require_approval_for");
  const json::Value& approvals = section(value, "approvals");
  if (has(approvals, "wait")) {
    security.approval_wait = seconds(approvals, "wait");
  }
  decode_scanner(section(value, "scanner"), at);
  if (const json::Object* const tools = json::find_object(value, "tools")) {
    for (const auto& tool : *tools) {
      if (json::get_bool(tool.value(), "require_approval")) {
        security.approval_tools.emplace_back(tool.key());
      }
    }
  }
}

ResourceLimits resource_limits(const json::Value& value) {
  ResourceLimits limits{size(value, "memory"), number<int>(value, "cpu_percent"),
                        size(value, "disk"), std::nullopt};
  if (has(value, "network")) {
    limits.network = json::get_bool(value, "network");
  }
  return limits;
}

void decode_sandbox(const json::Value& value, Decoding& at) {
  Sandbox& sandbox = at.config.sandbox;
  sandbox.require = texts(value, "require");
  if (has(value, "allowed_hosts")) {
    sandbox.allowed_hosts = texts(value, "allowed_hosts");
  }
  const json::Value& limits = section(value, "limits");
  sandbox.limits = resource_limits(limits);
  sandbox.processes = number<int>(limits, "processes");
  sandbox.protect = texts(value, "protect");
  sandbox.unprotect = texts(value, "unprotect");
  sandbox.hold_git = json::get_string(value, "git") != "tell";
  for (const auto* names : {&sandbox.protect, &sandbox.unprotect}) {
    for (const std::string& name : *names) {
      if (name.empty() || name.starts_with('/') ||
          ("/" + name + "/").find("/../") != std::string::npos) {
        at.problem(names == &sandbox.protect ? "/sandbox/protect" : "/sandbox/unprotect",
                   "'" + name + "' is no path in the workspace; write it relative, without ..");
      }
    }
  }
}

}  // namespace oap::config
