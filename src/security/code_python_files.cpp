#include "security/code_rules.hpp"

namespace oap::security {
namespace {

constexpr std::string_view kOpeners[] = {"open",
                                         "io.open",
                                         "codecs.open",
                                         "os.open",
                                         "os.remove",
                                         "os.unlink",
                                         "os.rmdir",
                                         "os.rename",
                                         "os.makedirs",
                                         "os.listdir",
                                         "shutil.rmtree",
                                         "shutil.copy",
                                         "shutil.copyfile",
                                         "shutil.move",
                                         "send_file",
                                         "flask.send_file",
                                         "FileResponse",
                                         "aiofiles.open",
                                         "Path",
                                         "pathlib.Path",
                                         "os.path.join",
                                         "zipfile.ZipFile",
                                         "tarfile.open",
                                         "gzip.open",
                                         "send_from_directory"};

/// Methods of a pathlib path that open it, and those that change it.
constexpr std::string_view kReads[] = {"read_text", "read_bytes", "open", "iterdir"};
constexpr std::string_view kChanges[] = {"write_text", "write_bytes", "unlink",
                                         "touch",      "rmdir",       "rename"};

void look_at_literal(const CodeLook& look, const CodeCall& call, std::string_view path) {
  const CodeValue mode =
      look.value(call.positional(1).empty() ? call.named("mode") : call.positional(1));
  const bool writes =
      (mode.text.find_first_of("wa+x") != std::string_view::npos && mode.text.size() < 5) ||
      is_any(call.then, kChanges);
  if (writes && is_privilege_path(path)) {
    look.report(writes_system_file("python.system-file"), call);
  } else if (is_credential_path(path) || climbs_out(path)) {
    look.report(reads_credentials("python.credential-path"), call);
  }
}

/// `path.read_text()`, where the path holds what came from outside.
bool opens_tainted_path(const CodeLook& look, const CodeCall& call) {
  const std::size_t dot = call.name.rfind('.');
  if (dot == std::string::npos || call.receiver.empty() ||
      call.receiver.find('.') != std::string::npos) {
    return false;
  }
  const std::string_view method = std::string_view(call.name).substr(dot + 1);
  return (is_any(method, kReads) || is_any(method, kChanges)) &&
         look.names.is_tainted(call.receiver, call.line) &&
         std::any_of(look.names.imported.begin(), look.names.imported.end(),
                     [](const auto& one) { return one.second.starts_with("pathlib"); });
}

void look_at_modes(const CodeLook& look, const CodeCall& call) {
  if (call.name != "os.chmod" && call.name != "os.fchmod" && !call.name.ends_with(".chmod")) {
    return;
  }
  const TokenSpan second = call.positional(call.name.starts_with("os.") ? 1 : 0);
  const TokenSpan mode = second.empty() ? call.named("mode") : second;
  if (is_open_mode(mode)) {
    look.report(opens_mode("python.chmod"), call);
  }
}

}  // namespace

void look_at_python_files(const CodeLook& look, const CodeCall& call) {
  look_at_modes(look, call);
  const TokenSpan owner = call.positional(1);
  if (call.name == "os.chown" && !owner.empty() && owner.front().is("0")) {
    look.report({Severity::kMedium, kPrivilege, "python.chown", "a file is given to root",
                 "keep its owner"},
                call);
  }
  if ((call.name.ends_with(".extractall") || call.name == "shutil.unpack_archive") &&
      call.named("filter").empty() && call.named("members").empty()) {
    look.report(unpacks_blindly("python.extract"), call);
  }
  if (opens_tainted_path(look, call)) {
    look.report(builds_path("python.tainted-path"), call);
  }
  if (!is_any(call.name, kOpeners) && !call.name.ends_with(".joinpath")) {
    return;
  }
  for (const CodeArgument& argument : call.arguments) {
    const CodeValue path = look.value(argument.value);
    look_at_literal(look, call, path.text);
    if (path.tainted && !path.cleaned && !path.constant && !is_checked_later(look, call)) {
      look.report(builds_path("python.tainted-path"), call);
    }
  }
}

}  // namespace oap::security
