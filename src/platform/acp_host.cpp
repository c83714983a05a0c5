#include "platform/acp_host.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "base/log.hpp"
#include "os/file.hpp"
#include "platform/acp_session.hpp"
#include "platform/audit_sink.hpp"
#include "platform/outputs.hpp"
#include "session/session_manager.hpp"
#include "text/strings.hpp"
#include "tools/workspace.hpp"

namespace oap::platform {
namespace {

constexpr std::size_t kMostFolders = 500;
constexpr std::size_t kMostSessions = 1'000;
constexpr std::size_t kMostName = 40;

/// A name as the configuration has them: letters, digits, `-`, `_`, no `__`.
std::string server_name(std::string_view given) {
  std::string name;
  for (const char c : given) {
    const bool fits = text::is_alpha(c) || text::is_digit(c) || c == '-';
    if (fits || (!name.empty() && name.back() != '_' && name.back() != '-')) {
      name += fits ? c : '-';
    }
  }
  name.resize(std::min(name.size(), kMostName));
  while (!name.empty() && (name.back() == '-' || name.back() == '_')) {
    name.pop_back();
  }
  return name.empty() || !text::is_alpha(name.front()) ? "editor-" + name : name;
}

config::McpServer configured(const acp::ClientServer& server, std::string name) {
  config::McpServer out;
  out.name = std::move(name);
  out.origin = "the editor";
  if (server.command.empty()) {
    out.type = config::ServerType::kRemote;
    out.url = server.url;
    out.headers = server.headers;
  } else {
    out.command = server.command;
    out.env = server.env;
  }
  return out;
}

void add_secrets(const std::map<std::string, std::string>& values, config::Config& config) {
  constexpr std::size_t kShortest = 8;
  for (const auto& [key, value] : values) {
    if (value.size() >= kShortest && !value.starts_with('/')) {
      config.secrets.push_back(value);
    }
  }
}

std::vector<std::string> add_servers(const std::vector<acp::ClientServer>& servers,
                                     config::Config& config) {
  std::vector<std::string> notices;
  for (const acp::ClientServer& server : servers) {
    const std::string name = server_name(server.name);
    if (config.mcp_servers.contains(name) || name == kBuiltinServer) {
      notices.push_back(fmt::format(
          "the editor's MCP server {} is left out: the configuration has one of that name", name));
      continue;
    }
    add_secrets(server.headers, config);
    config.mcp_servers.emplace(name, configured(server, name));
  }
  return notices;
}

Result<store::SessionRecord> begin_session(Platform& platform, const acp::OpenRequest& request) {
  using How = acp::OpenRequest::How;
  store::Store& store = platform.store();
  session::SessionManager sessions(store.sessions(), store.messages(), system_clock());
  const std::string& id = request.params.id;
  if (request.how == How::kNew) {
    session::SessionStart start;
    start.workspace = platform.settings().paths.workspace;
    start.user_id = platform.principal().user_id;
    OAP_TRY(const session::SessionState state, sessions.ensure_session(start));
    return store.sessions().find(state.id);
  }
  OAP_TRY(const store::SessionRecord record, store.sessions().find(id));
  if (record.workspace != platform.settings().paths.workspace) {
    return fail(Code::kInvalidArgument, "the session {} is of the folder {}", record.id,
                record.workspace);
  }
  if (request.how == How::kFork) {
    OAP_TRY(const session::SessionState state, sessions.fork(id, 0));
    return store.sessions().find(state.id);
  }
  return platform.settle_session(id);
}

/// The settings of a folder whose state is in `dir`; of a folder that is gone, where its state is.
Settings settings_at(const std::string& dir, const std::string& workspace) {
  SettingsOptions options;
  options.workspace = workspace;
  options.enforce_configuration = false;
  if (auto settings = load_settings(options); settings && settings->paths.state_dir == dir) {
    return *std::move(settings);
  }
  Settings settings;
  settings.paths.workspace = workspace;
  settings.paths.state_dir = dir;
  return settings;
}

}  // namespace

AcpHost::~AcpHost() = default;

Result<std::unique_ptr<acp::HostSession>> AcpHost::open(acp::OpenRequest request) {
  SettingsOptions options;
  options.workspace = request.params.cwd;
  options.trust = options_.trust;
  PlatformOptions parts;
  OAP_TRY(parts.settings, load_settings(options));
  std::vector<std::string> notices = add_servers(request.params.servers, parts.settings.config);
  if (std::string notice = trust_notice(parts.settings); !notice.empty()) {
    notices.push_back(std::move(notice));
  }
  parts.executor = options_.executor;
  parts.approver = request.approver;
  parts.model = options_.model;
  if (request.files != nullptr) {
    // Whether it can be opened is known here; the wrapper is made later and cannot fail.
    OAP_TRY(tools::Workspace roots, tools::Workspace::open({request.params.cwd}));
    parts.around_builtin = [files = request.files, given = request.params.cwd,
                            held = std::make_shared<tools::Workspace>(std::move(roots))](
                               std::unique_ptr<gateway::Upstream> server) {
      return acp::with_editor(std::move(server), *files, std::move(*held), given);
    };
  }
  OAP_TRY(std::unique_ptr<Platform> platform, Platform::open(std::move(parts)));
  const auto record = begin_session(*platform, request);
  if (!record) {
    platform.reset();
    share_redactor();
    return fail(record.error());
  }
  opened(*platform);
  return std::unique_ptr<acp::HostSession>(
      std::make_unique<AcpSession>(*this, std::move(platform), record->id, request.params.cwd,
                                   options_.model, std::move(notices)));
}

void AcpHost::opened(const Platform& platform) {
  open_.insert(&platform);
  share_redactor();
}

void AcpHost::closed(const Platform& platform) {
  open_.erase(&platform);
  share_redactor();
}

/// A platform sets the log's redactor when it opens and takes it away when it ends; here there are
/// several, and what one knows to be secret is secret for all.
void AcpHost::share_redactor() {
  if (open_.empty()) {
    return;
  }
  log::set_redactor([all = open_](std::string_view text) {
    std::string clean(text);
    for (const Platform* platform : all) {
      clean = platform->scanner().redact(clean);
    }
    return clean;
  });
}

Result<std::vector<std::string>> AcpHost::state_dirs(const std::optional<std::string>& cwd) const {
  config::PathOptions where;
  where.workspace = cwd ? *cwd : options_.folder.empty() ? "." : options_.folder;
  OAP_TRY(const config::Paths paths, config::resolve_paths(where));
  if (cwd) {
    return std::vector<std::string>{paths.state_dir};
  }
  const std::string root = paths.state_root + "/workspaces";
  std::vector<std::string> out;
  for (const std::string& name : os::list_dir(root).value_or(std::vector<std::string>())) {
    if (out.size() < kMostFolders) {
      out.push_back(root + "/" + name);
    }
  }
  return out;
}

Result<std::vector<store::SessionRecord>> AcpHost::list(const std::optional<std::string>& cwd) {
  const auto dirs = state_dirs(cwd);
  if (!dirs) {
    return dirs.error().code() == Code::kNotFound
               ? Result<std::vector<store::SessionRecord>>(std::vector<store::SessionRecord>())
               : fail(dirs.error());
  }
  std::vector<store::SessionRecord> out;
  for (const std::string& dir : *dirs) {
    const std::string file = dir + "/oap.db";
    if (!os::exists(file)) {
      continue;
    }
    const auto store = store::Store::open(file);
    const auto records = store
                             ? (*store)->sessions().list({.workspace = "", .limit = kMostSessions})
                             : Result<std::vector<store::SessionRecord>>(fail(store.error()));
    if (!records) {
      log::warn("acp", "sessions that cannot be read are left out",
                {{"folder", dir}, {"why", records.error().to_string()}});
      continue;
    }
    out.insert(out.end(), records->begin(), records->end());
  }
  std::sort(out.begin(), out.end(),
            [](const store::SessionRecord& a, const store::SessionRecord& b) {
              return a.updated_at > b.updated_at;
            });
  out.resize(std::min(out.size(), kMostSessions));
  return out;
}

Result<void> AcpHost::remove(const std::string& id) {
  OAP_TRY(const std::vector<std::string> dirs, state_dirs(std::nullopt));
  for (const std::string& dir : dirs) {
    const std::string file = dir + "/oap.db";
    if (!os::exists(file)) {
      continue;
    }
    const auto store = store::Store::open(file);
    const auto record =
        store ? (*store)->sessions().find(id) : Result<store::SessionRecord>(fail(store.error()));
    if (!record) {
      continue;
    }
    session::SessionManager sessions((*store)->sessions(), (*store)->messages(), system_clock());
    const Settings settings = settings_at(dir, record->workspace);
    OAP_TRY(const auto audit, open_audit(settings));
    OAP_TRY(const std::int64_t messages, sessions.remove(id));
    audit::Event event;
    event.event_type = "session_deleted";
    event.user_id = record->user_id;
    event.session_id = id;
    event.success = true;
    event.details = {{"messages", messages}};
    OAP_CHECK_OK(audit->append_now(std::move(event)));
    remove_outputs(settings, id);
    return {};
  }
  return {};
}

}  // namespace oap::platform
