#include "cli/parse_audit.hpp"

#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "cli/values.hpp"
#include "text/nearest.hpp"
#include "text/utf8.hpp"

namespace oap::cli {
namespace {

using Action = AuditArgs::Action;

std::string check_decision(const std::string& text) {
  static const std::vector<std::string> kDecisions{"allow", "ask", "deny"};
  const bool known = std::find(kDecisions.begin(), kDecisions.end(), text) != kDecisions.end();
  return known ? ""
               : fmt::format("'{}' is no decision: allow, ask or deny{}",
                             text::escape_visible(text::truncate_utf8(text, 100)),
                             text::did_you_mean(text, kDecisions));
}

class Adder {
 public:
  Adder(CLI::App& audit, AuditArgs& words, Command& command, const CommandMaker& make)
      : audit_(audit), words_(words), command_(command), make_(make) {}

  void run() {
    CLI::App* sub = add("tail", "Show the newest events", Action::kTail);
    sub->add_option("--lines,-n", words_.lines, "How many")->check(CLI::Range(1, 100'000));
    sub = add("verify", "Check the hash chain, or a proof without the log; exit 0 intact, 1 broken",
              Action::kVerify);
    sub->add_option("--proof", words_.proof_file, "Check this proof of `oap audit prove` instead")
        ->type_name("FILE")
        ->check(CLI::ExistingFile);
    sub->add_option("--key", words_.key_file,
                    "The signer's public key, in PEM (default: the one in the proof)")
        ->type_name("FILE")
        ->check(CLI::ExistingFile);
    sub->add_option("--anchor", words_.anchor_file,
                    "Check the chain against these lines of `oap audit checkpoint --json` too")
        ->type_name("FILE")
        ->check(CLI::ExistingFile)
        ->excludes("--proof");
    sub = add("search", "Find events; each is checked against its hash", Action::kSearch);
    filters(sub);
    sub->add_option("--limit", words_.limit, "The newest so many (1000)")
        ->check(CLI::Range(1, 10'000'000));
    sub = add("report", "Tool usage, user activity, incidents and decisions", Action::kReport);
    period(sub);
    format(sub, "json, markdown or html (markdown)", {"json", "markdown", "html"});
    sub = add("export", "Write the events for other systems", Action::kExport);
    filters(sub);
    format(sub, "jsonl, ocsf or cef (jsonl)", {"jsonl", "ocsf", "cef"});
    sub->add_flag("--proofs", words_.proofs, "Each event with its proof (jsonl)");
    sub = add("prove", "Print a proof that an event is in the log", Action::kProve);
    sub->add_option("event", words_.event, "An event's id, a unique start of one, or its number")
        ->required();
    add("checkpoint", "Sign what the log holds now, and print that and the public key",
        Action::kCheckpoint);
    sub = add("retain", "Delete whole segments of old events; a signed tombstone stays",
              Action::kRetain);
    sub->add_option("--older-than", words_.older_than,
                    "Such as 90d (default: security.audit.retention_days)")
        ->type_name("AGE")
        ->check(age_value());
    add_keys();
  }

 private:
  CLI::App* add(const std::string& name, const std::string& help, Action action) {
    AuditArgs* const words = &words_;
    Command* const command = &command_;
    return make_(audit_, name, help, [words, command, action] {
      words->action = action;
      *command = *words;
    });
  }

  void add_keys() {
    add("rotate-key", "A new key for new records; old ones stay readable", Action::kRotateKey);
    CLI::App* sub =
        add("erase", "Destroy the key of what is personal in a user's records", Action::kErase);
    sub->add_option("--user", words_.user, "The user's id")->required();
    sub = add("decrypt", "Read a file with Fernet tokens, such as the emergency file",
              Action::kDecrypt);
    sub->add_option("file", words_.file, "The file")->required();
  }

  void format(CLI::App* sub, const std::string& help, std::set<std::string> names) {
    sub->add_option("--format", words_.format, help)->check(CLI::IsMember(std::move(names)));
  }

  void period(CLI::App* sub) {
    sub->add_option("--since", words_.since, "From then on: RFC 3339, a date, or 24h, 7d ago")
        ->type_name("TIME")
        ->check(time_value());
    sub->add_option("--until", words_.until, "Before then")->type_name("TIME")->check(time_value());
  }

  void filters(CLI::App* sub) {
    audit::Query& query = words_.query;
    sub->add_option("--user", query.user_id, "The user's id");
    sub->add_option("--role", query.role, "The role");
    sub->add_option("--tenant", query.tenant, "The tenant");
    sub->add_option("--session", query.session_id, "The session's id");
    sub->add_option("--task", query.task_id, "The task's id");
    sub->add_option("--call", query.call_id, "The call's id");
    sub->add_option("--event", query.event_id, "The event's id");
    sub->add_option("--event-type", query.event_type, "permission_check, tool_execution, …");
    sub->add_option("--server", query.server, "The MCP server");
    sub->add_option("--tool", query.tool, "The tool, without its server");
    sub->add_option("--action", query.action, "execute, invoke, …");
    sub->add_option("--decision", query.permission_decision, "allow, ask or deny")
        ->check(CLI::Validator(check_decision, ""));
    sub->add_option("--success", words_.success, "true or false")
        ->check(CLI::IsMember({"true", "false"}));
    sub->add_option("--risk", query.min_risk, "A risk score of at least")
        ->check(CLI::Range(0., 1.));
    sub->add_option("--text", query.text, "A text anywhere in the record");
    period(sub);
  }

  CLI::App& audit_;
  AuditArgs& words_;
  Command& command_;
  const CommandMaker& make_;
};

}  // namespace

void add_audit_commands(CLI::App& audit, AuditArgs& words, Command& command,
                        const CommandMaker& make) {
  Adder(audit, words, command, make).run();
}

}  // namespace oap::cli
