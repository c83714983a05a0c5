#include "permission/dimensions.hpp"

#include <set>

#include "model/tool.hpp"
#include "shell/script.hpp"
#include "text/strings.hpp"

namespace oap::permission {
namespace {

using Kind = Dimension::Kind;

text::GlobSequence glob_of(const std::string& pattern, text::GlobMode mode) {
  return text::parse_glob(pattern, {mode, false}).value_or(text::GlobSequence{});
}

text::GlobSequence everything() {
  text::GlobNode any;
  any.kind = text::GlobNode::Kind::kCrossRun;
  return {any};
}

text::GlobSequence command_language(const Rule& rule) {
  if (!rule.argv.empty()) {
    return words_language(rule.argv);
  }
  return rule.program.empty() ? glob_of(rule.pattern, text::GlobMode::kPlain)
                              : program_language(glob_of(rule.program, text::GlobMode::kPlain));
}

text::GlobSequence path_language(const CompiledRule& one, std::string_view workspace) {
  const std::string& pattern = one.path_pattern;
  if (one.absolute) {
    return glob_of(pattern, text::GlobMode::kPath);
  }
  const std::string base = text::glob_quote(workspace);
  return glob_of(pattern == "." ? base : base + "/" + pattern, text::GlobMode::kPath);
}

bool covers_call(const CompiledRule& one, std::string_view tool, std::string_view server) {
  const Rule& rule = one.rule;
  const bool acts = match_action(rule.action, Action::kExecute) || rule.action == Action::kInvoke;
  if (rule.scope == Scope::kMcpServer) {
    return acts && one.glob->matches(server);
  }
  return rule.scope == Scope::kTool && rule.resource.empty() &&
         match_action(rule.action, Action::kExecute) && one.glob->matches(tool);
}

/// The names of a server's tools, for a rule about the server.
text::GlobSequence tools_of_server(const Rule& rule) {
  const bool acts = match_action(rule.action, Action::kExecute) || rule.action == Action::kInvoke;
  return rule.scope == Scope::kMcpServer && acts
             ? glob_of(rule.pattern + "__*", text::GlobMode::kPlain)
             : text::GlobSequence{};
}

class Builder {
 public:
  Builder(const std::vector<const CompiledRule*>& rules, std::string_view workspace)
      : rules_(rules), workspace_(workspace) {}

  std::vector<Dimension> build() {
    add_commands();
    for (const Action action : {Action::kRead, Action::kWrite, Action::kDelete}) {
      add_paths(action);
    }
    add_tools(false);
    add_tools(true);
    add_servers();
    add_tool_paths();
    return std::move(out_);
  }

 private:
  template <class Language>
  void add(Dimension dimension, Language language) {
    bool own = false;
    for (std::uint32_t i = 0; i < rules_.size(); ++i) {
      text::GlobSequence one = language(*rules_[i], own);
      if (!one.empty()) {
        dimension.rules.push_back(i);
        dimension.languages.push_back(std::move(one));
      }
    }
    if (own) {
      out_.push_back(std::move(dimension));
    }
  }

  void add_commands() {
    add({Kind::kCommand, Texts::kCommand, Action::kExecute, "", {}, {}},
        [](const CompiledRule& one, bool& own) {
          const bool command = one.rule.scope == Scope::kCommand;
          own = own || command;
          return command                                    ? command_language(one.rule)
                 : covers_call(one, "bash", kBuiltinServer) ? everything()
                                                            : text::GlobSequence{};
        });
  }

  void add_paths(Action action) {
    add({Kind::kPath, Texts::kPath, action, "", {}, {}}, [&](const CompiledRule& one, bool& own) {
      const bool file =
          one.rule.scope == Scope::kFilePattern && match_action(one.rule.action, action);
      own = own || file;
      return file ? path_language(one, workspace_) : text::GlobSequence{};
    });
  }

  void add_tools(bool of_servers) {
    add({Kind::kTool, Texts::kName, of_servers ? Action::kInvoke : Action::kExecute, "", {}, {}},
        [&](const CompiledRule& one, bool& own) {
          const bool named = one.rule.pattern.find("__") != std::string::npos;
          const bool tool = one.rule.scope == Scope::kTool && one.rule.resource.empty() &&
                            named == of_servers &&
                            (match_action(one.rule.action, Action::kExecute) ||
                             one.rule.action == Action::kInvoke);
          own = own || tool;
          return tool ? glob_of(one.rule.pattern, text::GlobMode::kPlain)
                      : (of_servers ? tools_of_server(one.rule) : text::GlobSequence{});
        });
  }

  void add_servers() {
    add({Kind::kServer, Texts::kName, Action::kInvoke, "", {}, {}},
        [](const CompiledRule& one, bool& own) {
          const bool server = one.rule.scope == Scope::kMcpServer;
          own = own || server;
          return server ? glob_of(one.rule.pattern, text::GlobMode::kPlain) : text::GlobSequence{};
        });
  }

  void add_tool_paths() {
    std::set<std::string> tools;
    for (const CompiledRule* one : rules_) {
      if (one->rule.scope == Scope::kTool && !one->rule.resource.empty()) {
        tools.insert(one->rule.pattern);
      }
    }
    for (const std::string& tool : tools) {
      add({Kind::kToolPath, Texts::kPath, Action::kExecute, tool, {}, {}},
          [&](const CompiledRule& one, bool& own) {
            const bool same = one.rule.scope == Scope::kTool && one.rule.pattern == tool;
            own = own || (same && !one.rule.resource.empty());
            return !same                       ? text::GlobSequence{}
                   : one.rule.resource.empty() ? everything()
                                               : path_language(one, workspace_);
          });
    }
  }

  const std::vector<const CompiledRule*>& rules_;
  std::string_view workspace_;
  std::vector<Dimension> out_;
};

}  // namespace

json::Object Dimension::request(std::string_view text) const {
  const json::Value given(text);
  switch (kind) {
    case Kind::kCommand: {
      std::string command;
      for (const std::string_view word : text::split_words(text)) {
        command += (command.empty() ? "" : " ") + shell::quote_word(word);
      }
      return {{"tool", "bash"}, {"arguments", json::Object{{"command", command}}}};
    }
    case Kind::kPath:
      if (action == Action::kDelete) {
        return {{"tool", "file_ops"}, {"action", "delete"}, {"resource", given}};
      }
      return {{"tool", action == Action::kRead ? "read_file" : "write_file"},
              {"arguments", json::Object{{"path", given}}}};
    case Kind::kTool:
      return {{"tool", given}, {"action", to_string(action)}};
    case Kind::kServer:
      return {{"server", given}, {"tool", "x"}, {"action", "invoke"}};
    case Kind::kToolPath:
      return {{"tool", tool}, {"action", to_string(action)}, {"resource", given}};
  }
  return {};
}

std::vector<Dimension> dimensions_of(const std::vector<const CompiledRule*>& rules,
                                     std::string_view workspace) {
  return Builder(rules, workspace).build();
}

}  // namespace oap::permission
