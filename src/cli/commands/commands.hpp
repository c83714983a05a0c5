#pragma once

#include "cli/args.hpp"

namespace oap::cli {

// One function a command; each returns the process's exit code. Results go to stdout, everything
// else to stderr.
int run_command(const Common& common, const RunArgs& args);
int chat_command(const Common& common, const ChatArgs& args);
int undo_command(const Common& common, const UndoArgs& args);
int route_command(const Common& common, const RouteArgs& args);
int config_command(const Common& common, const ConfigArgs& args);
int trust_command(const Common& common, const TrustArgs& args);
int permission_command(const Common& common, const PermissionArgs& args);
int approvals_command(const Common& common, const ApprovalArgs& args);
int mcp_command(const Common& common, const McpArgs& args);
int mcp_edit_command(const Common& common, const McpEditArgs& args);
int mcp_trust_command(const Common& common, const McpTrustArgs& args);
int mcp_login_command(const Common& common, const McpLoginArgs& args);
int mcp_serve_command(const Common& common, const McpServeArgs& args);
int sandbox_server_command(const Common& common, const SandboxServerArgs& args);
int sandbox_command(const Common& common, const SandboxArgs& args);
int audit_command(const Common& common, const AuditArgs& args);
int scan_command(const Common& common, const ScanArgs& args);
int workflow_command(const Common& common, const WorkflowArgs& args);
int hook_command(const Common& common, const HookArgs& args);
int serve_command(const Common& common, const ServeArgs& args);
int mission_command(const Common& common, const MissionArgs& args);
int sessions_command(const Common& common, const SessionsArgs& args);
int skills_command(const Common& common, const SkillsArgs& args);
int hooks_command(const Common& common, const HooksArgs& args);
int agents_command(const Common& common, const AgentsArgs& args);
int migrate_command(const Common& common, const MigrateArgs& args);
int acp_command(const Common& common, const AcpArgs& args);
int doctor_command(const Common& common, const DoctorArgs& args);
int version_command(const Common& common, const VersionArgs& args);
int completion_command(const Common& common, const CompletionArgs& args);

}  // namespace oap::cli
