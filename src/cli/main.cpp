#include <csignal>
#include <variant>

#include "cli/commands/commands.hpp"
#include "cli/output.hpp"

namespace {

struct Dispatch {
  const oap::cli::Common& common;
  int operator()(const oap::cli::RunArgs& args) const { return run_command(common, args); }
  int operator()(const oap::cli::ChatArgs& args) const { return chat_command(common, args); }
  int operator()(const oap::cli::UndoArgs& args) const { return undo_command(common, args); }
  int operator()(const oap::cli::RouteArgs& args) const { return route_command(common, args); }
  int operator()(const oap::cli::ConfigArgs& args) const { return config_command(common, args); }
  int operator()(const oap::cli::TrustArgs& args) const { return trust_command(common, args); }
  int operator()(const oap::cli::PermissionArgs& args) const {
    return permission_command(common, args);
  }
  int operator()(const oap::cli::ApprovalArgs& args) const {
    return approvals_command(common, args);
  }
  int operator()(const oap::cli::McpArgs& args) const { return mcp_command(common, args); }
  int operator()(const oap::cli::McpEditArgs& args) const { return mcp_edit_command(common, args); }
  int operator()(const oap::cli::McpTrustArgs& args) const {
    return mcp_trust_command(common, args);
  }
  int operator()(const oap::cli::McpLoginArgs& args) const {
    return mcp_login_command(common, args);
  }
  int operator()(const oap::cli::McpServeArgs& args) const {
    return mcp_serve_command(common, args);
  }
  int operator()(const oap::cli::SandboxServerArgs& args) const {
    return sandbox_server_command(common, args);
  }
  int operator()(const oap::cli::SandboxArgs& args) const { return sandbox_command(common, args); }
  int operator()(const oap::cli::AuditArgs& args) const { return audit_command(common, args); }
  int operator()(const oap::cli::ScanArgs& args) const { return scan_command(common, args); }
  int operator()(const oap::cli::WorkflowArgs& args) const {
    return workflow_command(common, args);
  }
  int operator()(const oap::cli::HookArgs& args) const { return hook_command(common, args); }
  int operator()(const oap::cli::ServeArgs& args) const { return serve_command(common, args); }
  int operator()(const oap::cli::MissionArgs& args) const { return mission_command(common, args); }
  int operator()(const oap::cli::SessionsArgs& args) const {
    return sessions_command(common, args);
  }
  int operator()(const oap::cli::SkillsArgs& args) const { return skills_command(common, args); }
  int operator()(const oap::cli::HooksArgs& args) const { return hooks_command(common, args); }
  int operator()(const oap::cli::AgentsArgs& args) const { return agents_command(common, args); }
  int operator()(const oap::cli::MigrateArgs& args) const { return migrate_command(common, args); }
  int operator()(const oap::cli::AcpArgs& args) const { return acp_command(common, args); }
  int operator()(const oap::cli::DoctorArgs& args) const { return doctor_command(common, args); }
  int operator()(const oap::cli::VersionArgs& args) const { return version_command(common, args); }
  int operator()(const oap::cli::CompletionArgs& args) const {
    return completion_command(common, args);
  }
  int operator()(const oap::cli::Message& message) const {
    oap::cli::print_message(message.text, message.exit_code == 0);
    return message.exit_code;
  }
};

}  // namespace

int main(int argc, char** argv) {
  std::signal(SIGPIPE, SIG_IGN);
  std::signal(SIGXFSZ, SIG_IGN);  // a file at its limit is an error, as a full disk is
  oap::cli::keep_standard_descriptors();
  const oap::cli::Args args = oap::cli::parse_args(argc, argv);
  return std::visit(Dispatch{args.common}, args.command);
}
