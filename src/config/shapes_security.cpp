#include "config/shape_sections.hpp"

namespace oap::config {
namespace {

using Names = Shape::Names;

Shape scanner_shape() {
  return object(
             "What the SecurityPolicy guard does with dangerous code and secrets in tool calls.",
             {{"enabled", boolean("Whether code and arguments are looked at.").by_default(true)},
              {"critical", choice("The answer to code with a critical finding.", {"ask", "deny"})
                               .by_default("ask")},
              {"secret_writes",
               choice("The answer to an agent's call whose arguments hold a secret.",
                      {"allow", "ask", "deny"})
                   .by_default("ask")},
              {"whitelist",
               list("Findings that are accepted.",
                    object("One finding.",
                           {{"fingerprint", text("As `oap scan code` prints it.")},
                            {"path", text("Where: a glob; everywhere where absent.")},
                            {"expires", text("The last day, YYYY-MM-DD; never where absent.")}}))}})
      .needs_trust();
}

Shape tool_policies_shape() {
  return map("Policies of single tools, by the name that models see.", Names::kAnything,
             object("One tool.", {{"require_approval",
                                   boolean("Every call is asked for, whatever the rules allow.")
                                       .by_default(false)}}))
      .needs_trust();
}

}  // namespace

Shape security_shape() {
  return object(
      "What is asked, denied and recorded. Rules are in permissions.yaml.",
      {{"default_permission",
        choice("The answer where no rule matches, in place of the built-in policy's ask.",
               {"allow", "ask", "deny"})},
       {"audit",
        object("The audit log.",
               {{"enabled", boolean("Whether events are recorded.").by_default(true)},
                {"retention_days",
                 integer("Days after which segments are removed.", 1, 36'500).by_default(90)},
                {"log_file", text("A file that also gets each event as a JSON line.")},
                {"encryption_key",
                 text("Encrypts the log: a Fernet key (32 bytes, base64url); older keys may follow "
                      "after commas.")
                     .is_secret()},
                {"failure_policy",
                 choice("What a call does whose audit cannot be written: not run, or run all the "
                        "same with an alarm.",
                        {"block", "continue"})
                     .by_default("block")}})
            .needs_trust()},
       {"approvals",
        object(
            "What becomes of an ask when nobody is at a terminal.",
            {{"wait", number("Seconds that it waits for oap approvals approve; without it, it is "
                             "refused at once.",
                             0.001, 604'800)}})
            .needs_trust()},
       {"scanner", scanner_shape()},
       {"tools", tool_policies_shape()},
       {"require_approval_for",
        list("Kinds of operation that are asked for whatever the rules allow.",
             choice("A kind of operation.", {"destructive_operations", "external_network_access",
                                             "sensitive_file_access", "system_administration"}))}});
}

Shape sandbox_shape() {
  return object(
      "The sandbox of every program that tools and servers start.",
      {{"require", list("What must be enforced, else nothing is run.",
                        choice("A kind of isolation.",
                               {"fs", "net", "pid", "seccomp", "mem", "cpu", "pids", "disk"}))},
       {"allowed_hosts", list("The hosts that may be connected to, in place of the whole network.",
                              text("A host, as example.org, *.example.org or example.org:8443."))
                             .needs_trust()},
       {"limits", object("What one program and all that it starts may use, where a server has no "
                         "resource_limits of its own.",
                         {{"memory", bytes("Memory, e.g. 2GB.")},
                          {"cpu_percent", integer("Per cent of one core.", 1, 6400)},
                          {"disk", bytes("Bytes that may be written, e.g. 1GB.")},
                          {"processes", integer("Processes and threads at a time.", 1, 4'000'000)}})
                      .needs_trust()},
       {"protect", list("Further names in the workspace that cannot be changed.",
                        text("A path relative to the workspace."))},
       {"unprotect", list("Names of the built-in list that may be changed all the same.",
                          text("A path relative to the workspace."))
                         .needs_trust()},
       {"git", choice("What becomes of files by which git on the host would run what a program has "
                      "chosen: they are renamed (hold), or only told (tell).",
                      {"hold", "tell"})
                   .by_default("hold")
                   .needs_trust()}});
}

}  // namespace oap::config
