#include "security/code_rules.hpp"

namespace oap::security {
namespace {

std::string_view method_of(const CodeCall& call) {
  const std::size_t dot = call.name.rfind('.');
  return std::string_view(call.name).substr(dot == std::string::npos ? 0 : dot + 1);
}

/// `res.sendFile(name, { root })`: nothing outside of it is sent.
bool has_root(const CodeCall& call) {
  const TokenSpan options = call.positional(1);
  return call.name.ends_with("sendFile") &&
         std::any_of(options.begin(), options.end(),
                     [](const CodeToken& token) { return token.is("root"); });
}

bool takes_path(const CodeCall& call) {
  static constexpr std::string_view kResponses[] = {"sendFile", "download", "sendfile"};
  return call.name.starts_with("fs.") || call.name.starts_with("Deno.readTextFile") ||
         is_any(method_of(call), kResponses) || call.name == "path.join" ||
         call.name == "path.resolve" || call.name == "Bun.file" ||
         call.name.ends_with(".createReadStream") || call.name == "child_process.fork";
}

void look_at_path(const CodeLook& look, const CodeCall& call, const CodeValue& path) {
  const std::string_view method = method_of(call);
  const bool writes = method.find("rite") != std::string_view::npos ||
                      method.find("append") != std::string_view::npos;
  if (writes && is_privilege_path(path.text)) {
    look.report(writes_system_file("javascript.system-file"), call);
  } else if (is_credential_path(path.text) || climbs_out(path.text)) {
    look.report(reads_credentials("javascript.credential-path"), call);
  }
  if (!path.constant && path.tainted && !path.cleaned && !has_root(call) &&
      !is_checked_later(look, call)) {
    look.report(builds_path("javascript.tainted-path"), call);
  }
}

}  // namespace

void look_at_javascript_files(const CodeLook& look, const CodeCall& call) {
  const std::string_view method = method_of(call);
  const bool chmod = call.name.starts_with("fs.") && call.name.find("chmod") != std::string::npos;
  if (chmod && is_open_mode(call.positional(1))) {
    look.report(opens_mode("javascript.chmod"), call);
  }
  if (method == "extractAllTo" || method == "extractAllToAsync") {
    look.report(unpacks_blindly("javascript.extract"), call);
  }
  const TokenSpan first = call.positional(0);
  if (method == "render" && call.receiver == "res" && !first.empty() && look.value(first).tainted) {
    look.report(
        {Severity::kHigh, kTraversal, "javascript.tainted-path",
         "a path is made from what came from outside", "choose the view from a fixed table"},
        call);
  }
  if (takes_path(call)) {
    for (const CodeArgument& argument : call.arguments) {
      look_at_path(look, call, look.value(argument.value));
    }
  }
}

}  // namespace oap::security
