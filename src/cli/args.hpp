#pragma once

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "audit/query.hpp"
#include "base/result.hpp"

namespace oap::cli {

enum class Format { kText, kJson, kStreamJson };

/// Options that every command takes.
struct Common {
  std::string workspace;
  bool json = false;
  bool trust = false;  ///< trust the folder for this process only
};

struct RunArgs {
  std::string prompt;  ///< "" or "-": standard input
  bool has_prompt = false;
  std::string model;
  bool agent_path = false;
  bool fast_path = false;
  bool yes = false;
  bool continue_session = false;
  std::string session;  ///< the one to go on with; any unique prefix
  std::string agent;    ///< one of `oap agents list`; empty: the Worker
  std::string record;
  Format format = Format::kText;
  std::string schema = "oap";         ///< of json and stream-json: oap or claude
  std::string input_format = "text";  ///< text or stream-json
  bool print = false;                 ///< -p: nobody is asked
  bool partial = false;               ///< --include-partial-messages
  bool verbose = false;
  int max_turns = 0;  ///< 0: no limit
  std::vector<std::string> allowed_tools;
  std::vector<std::string> disallowed_tools;
  std::string permission_mode;  ///< as Claude Code names them; empty: default
};
/// `oap acp`.
struct AcpArgs {
  std::string model;
  int permission_seconds = 300;
};
struct ChatArgs {
  std::string model;
  std::string session;  ///< any unique prefix of an id
  bool continue_session = false;
  bool yes = false;
};
struct UndoArgs {
  std::size_t count = 1;
  bool list = false;
  bool redo = false;
};
struct RouteArgs {
  std::string prompt;
};
struct ConfigArgs {
  enum class Action { kCheck, kShow, kSchema } action = Action::kCheck;
  std::string schema;
};
struct TrustArgs {
  std::string directory;
  bool revoke = false;
};
struct PermissionArgs {
  enum class Action { kCheck, kExplain, kShow, kLint, kDiff, kTest, kSet };
  Action action = Action::kCheck;
  bool batch = false;
  std::string tool;
  std::string perform;  ///< --action
  std::string resource;
  std::string arguments;
  std::string policy;
  std::string user;
  std::string role;
  std::string file;   ///< test: the table; diff: the policy before
  std::string after;  ///< diff; empty: the rules in force
  std::string rule;   ///< set: a rule as JSON
  bool clear = false;
};
struct ApprovalArgs {
  enum class Action { kList, kApprove, kDeny } action = Action::kList;
  std::string id;
  std::string reason;
  bool all = false;
};
struct McpArgs {
  enum class Action { kList, kTools, kCall, kResources, kPrompts, kInspect, kRead, kPrompt };
  Action action = Action::kList;
  std::string server;
  std::string name;  ///< of the tool or prompt, or the resource's URI
  std::string arguments;
  double timeout = 10;  ///< seconds that servers have to answer a list
  bool yes = false;
};
struct McpEditArgs {
  bool remove = false;
  std::string name;
  bool user = false;
  bool project = false;
  std::string url;
  std::vector<std::string> command;
  std::vector<std::string> env;      ///< NAME=VALUE
  std::vector<std::string> headers;  ///< Name: value
  std::string naming;
  bool no_auto_start = false;
};
struct McpTrustArgs {
  enum class Action { kList, kDiff, kApprove } action = Action::kList;
  std::string server;
  std::vector<std::string> tools;
  bool all = false;
  bool yes = false;
};
struct McpLoginArgs {
  bool logout = false;
  std::string server;
  bool browser = false;
  double timeout = 300;  ///< seconds that the person has
};
struct McpServeArgs {
  std::string http;  ///< ADDRESS:PORT
  bool stdio = false;
  std::string naming;  ///< prefix, passthrough or empty
  bool yes = false;
};
struct SandboxServerArgs {
  std::optional<std::uint64_t> memory_bytes;
  std::optional<int> cpu_percent;
  std::optional<std::uint64_t> disk_bytes;
  std::optional<std::uint32_t> processes;
  bool no_network = false;
  std::vector<std::string> hosts;
  std::string require;
  std::vector<std::string> protect;
  std::vector<std::string> unprotect;
  std::vector<std::string> readable;
  bool tell_git = false;
  std::vector<std::string> capabilities;
  std::string agent_tools;  ///< JSON of a tools::AgentContext; empty: without them
};
struct SandboxArgs {
  std::vector<std::string> command;
  std::vector<std::string> writable;
  std::vector<std::string> readable;
  std::vector<std::string> network;  ///< none, full, or hosts
  std::string memory;
  std::string disk;
  std::optional<int> cpu_percent;
  std::optional<std::uint32_t> processes;
  double timeout = 0;  ///< seconds; 0 = none
  std::string require;
  bool discard = false;
};
struct AuditArgs {
  enum class Action {
    kTail,
    kVerify,
    kSearch,
    kReport,
    kExport,
    kProve,
    kCheckpoint,
    kRetain,
    kRotateKey,
    kErase,
    kDecrypt
  } action = Action::kTail;
  int lines = 20;
  audit::Query query;  ///< but for since, until and success, which are as typed below
  std::string since;
  std::string until;
  std::string success;  ///< true, false or empty
  int limit = 1'000;
  std::string format;
  bool proofs = false;
  std::string event;        ///< an event's id or number
  std::string proof_file;   ///< empty: verify the chain
  std::string key_file;     ///< a public key in PEM
  std::string anchor_file;  ///< checkpoints kept elsewhere
  std::string older_than;   ///< empty: the configuration's retention
  std::string user;
  std::string file;  ///< with Fernet tokens
};
struct ScanArgs {
  enum class What { kSecrets, kCode } what = What::kSecrets;
  std::string path = ".";  ///< "-": standard input
  bool batch = false;
  bool redact = false;   ///< of secrets: standard input to standard output
  std::string language;  ///< of code: bash, python, javascript; empty: by the file's name
};
struct WorkflowArgs {
  enum class Action {
    kRun,
    kLint,
    kPlan,
    kTest,
    kList,
    kShow,
    kLogs,
    kSignal,
    kApprove,
    kCancel,
    kPause,
    kResume,
    kFork,
    kGraph,
    kHistory,
    kSchema,
    kNew,
    kResolve
  };
  Action action = Action::kList;
  std::string target;                  ///< a file, a workflow's id, or a run
  std::vector<std::string> more;       ///< further files
  std::string step;                    ///< of approve, resolve, logs; the signal's name
  std::vector<std::string> inputs;     ///< NAME=VALUE
  std::string inputs_file;             ///< "-": standard input
  std::vector<std::string> variables;  ///< NAME=VALUE
  std::vector<std::string> outputs;    ///< STEP=JSON
  std::vector<std::string> form;       ///< NAME=VALUE
  std::string payload;                 ///< JSON
  std::string comment;
  std::string verdict;  ///< of resolve: completed, failed, retry
  std::string from;
  std::string model;
  std::string kind;  ///< of graph: mermaid, svg; empty: by the file's name
  std::string file;  ///< where graph writes
  std::string state;
  std::string workflow;
  std::string only;  ///< the one case that test runs
  std::int64_t after = 0;
  std::size_t limit = 50;
  std::optional<std::int64_t> tokens;
  std::optional<double> cost;
  bool yes = false;
  bool detach = false;
  bool reject = false;
  bool all = false;
  bool follow = false;
  Format format = Format::kText;
};
/// One event of another host, or the host's configuration.
struct HookArgs {
  enum class Action { kDecide, kInstall, kUninstall };
  Action action = Action::kDecide;
  std::string host;
  bool user = false;
};
/// The daemon, or what is asked of it.
struct ServeArgs {
  enum class Action { kServe, kStatus, kStop } action = Action::kServe;
};
struct MissionArgs {
  enum class Action { kStart, kStatus, kPause, kResume, kStop, kList, kLog };
  Action action = Action::kList;
  std::string objective;  ///< "-": standard input
  bool has_objective = false;
  std::string id;  ///< a unique start of it; empty: the newest open mission here
  std::string model;
  std::string answer;
  bool plan_only = false;
  bool yes = false;
  bool all = false;
  std::optional<int> iterations;
  std::optional<int> no_progress;
  std::optional<int> turns;
  std::optional<std::int64_t> tool_calls;
  std::optional<std::int64_t> tokens;
  std::optional<double> cost;
  std::optional<double> time;  ///< seconds
  std::optional<int> depth;
  std::optional<int> parallel;
  std::int64_t after = 0;
  std::size_t limit = 100;
  Format format = Format::kText;
};
struct SessionsArgs {
  enum class Action { kList, kShow, kFork, kExport, kDelete } action = Action::kList;
  std::string id;
  bool all = false;     ///< list: of every workspace in this state
  int limit = 50;       ///< list: sessions; show: the newest messages, 0 all
  std::int64_t at = 0;  ///< fork: the last message's number; 0: all
  std::string format;   ///< export: jsonl or markdown
  std::string file;     ///< export: empty or "-": standard output
  bool full = false;    ///< show: results uncut
  bool yes = false;
};
struct SkillsArgs {
  enum class Action { kList, kShow, kSearch, kAdd, kRemove, kTrust } action = Action::kList;
  std::string name;                 ///< a skill; of add the source, of search the words
  std::vector<std::string> skills;  ///< add: those that are meant
  bool all = false;                 ///< add, trust: every one
  bool user = false;                ///< add: for the user, not the project
  bool replace = false;
  bool accept_findings = false;
  bool yes = false;    ///< remove: without asking
  std::string digest;  ///< add: only these bytes, and without asking
};
struct HooksArgs {};
struct AgentsArgs {
  bool show = false;
  std::string name;
};
struct MigrateArgs {
  enum class Host { kClaudeCode, kCodex, kOpencode, kGemini, kValidate };
  Host host = Host::kClaudeCode;
  std::string source;  ///< empty: the workspace
  std::string target;  ///< empty: the workspace
  bool dry_run = false;
  bool undo = false;
  bool user = false;  ///< what is the person's own, for all projects
  bool project_only = false;
};
struct DoctorArgs {};
struct VersionArgs {};
struct CompletionArgs {
  std::string shell;
};
/// Help or a usage error, already as text.
struct Message {
  std::string text;
  int exit_code = 0;
};

using Command =
    std::variant<RunArgs, ChatArgs, UndoArgs, RouteArgs, ConfigArgs, TrustArgs, PermissionArgs,
                 ApprovalArgs, McpArgs, McpEditArgs, McpTrustArgs, McpLoginArgs, McpServeArgs,
                 SandboxServerArgs, SandboxArgs, AuditArgs, ScanArgs, WorkflowArgs, HookArgs,
                 ServeArgs, MissionArgs, SessionsArgs, SkillsArgs, HooksArgs, AgentsArgs,
                 MigrateArgs, AcpArgs, DoctorArgs, VersionArgs, CompletionArgs, Message>;

struct Args {
  Common common;
  Command command;
};

/// Parses the command line. Wrong usage is a Message with exit code 2.
Args parse_args(int argc, const char* const* argv);

/// The commands and their subcommands and options, for shell completion: one line each,
/// "command[ subcommand] option option …".
std::vector<std::string> command_words();

}  // namespace oap::cli
