#include "permission/never_matches.hpp"

#include <algorithm>
#include <optional>
#include <vector>

#include <fmt/format.h>

#include "expr/ast.hpp"
#include "expr/parser.hpp"
#include "os/file.hpp"
#include "permission/rule_condition.hpp"
#include "text/nearest.hpp"
#include "text/strings.hpp"

namespace oap::permission {
namespace {

using expr::Ast;
using expr::Node;
using expr::NodeKind;

/// What an expression compares: the names that it can have.
struct Subject {
  std::string_view what;  ///< "role", for people
  const std::set<std::string, std::less<>>* names;
};

class Condition {
 public:
  Condition(const Ast& ast, const KnownNames& names) : ast_(ast), names_(names) {}

  std::string why_never(expr::NodeId id) const {
    const Node& node = ast_.at(id);
    if (is_constantly_false(id)) {
      return "its condition is never true: it is the constant " + printed(id);
    }
    if (node.kind != NodeKind::kCall) {
      return {};
    }
    if (node.name == "_&&_") {
      for (const expr::NodeId child : node.children) {
        if (std::string why = why_never(child); !why.empty()) {
          return why;
        }
      }
      return {};
    }
    if (node.name == "_||_") {
      std::string why;
      for (const expr::NodeId child : node.children) {
        why = why_never(child);
        if (why.empty()) {
          return {};
        }
      }
      return why;
    }
    if (node.name == "_==_" && node.children.size() == 2) {
      const std::string why = compared(node.children[0], {node.children[1]});
      return why.empty() ? compared(node.children[1], {node.children[0]}) : why;
    }
    if (node.name == "@in" && node.children.size() == 2 &&
        ast_.at(node.children[1]).kind == NodeKind::kList) {
      return compared(node.children[0], ast_.at(node.children[1]).children);
    }
    return {};
  }

 private:
  std::string printed(expr::NodeId id) const {
    Ast part = ast_;
    part.root = id;
    return expr::print(part);
  }

  bool is_constantly_false(expr::NodeId id) const {
    const auto program = compile_rule_condition(printed(id));
    const expr::Value* value = program ? program->constant() : nullptr;
    return value != nullptr && value->is_false();
  }

  std::optional<Subject> subject_of(expr::NodeId id) const {
    static const std::set<std::string, std::less<>> kActions = {"execute", "read",   "write",
                                                                "delete",  "invoke", ""};
    const Node& node = ast_.at(id);
    if (node.kind == NodeKind::kSelect && node.name == "role" &&
        ast_.at(node.children[0]).name == "principal") {
      return Subject{"role", &names_.roles};
    }
    if (node.kind != NodeKind::kName) {
      return std::nullopt;
    }
    if (node.name == "server" && names_.all_servers) {
      return Subject{"server", &names_.servers};
    }
    return node.name == "action" ? std::optional(Subject{"action", &kActions}) : std::nullopt;
  }

  /// Each of the values is a text, and none is a name that the subject can have.
  std::string compared(expr::NodeId subject, const std::vector<expr::NodeId>& values) const {
    const auto about = subject_of(subject);
    if (!about) {
      return {};
    }
    std::string first;
    for (const expr::NodeId id : values) {
      const Node& node = ast_.at(id);
      if (node.kind != NodeKind::kLiteral || !node.literal.is(expr::Kind::kString)) {
        return {};
      }
      const std::string text(node.literal.text());
      if (about->names->contains(text)) {
        return {};
      }
      first = first.empty() ? text : first;
    }
    const std::vector<std::string> known(about->names->begin(), about->names->end());
    return values.empty() ? "its condition is never true: the list is empty"
                          : fmt::format("its condition is never true: there is no {} '{}'{}",
                                        about->what, first, text::did_you_mean(first, known));
  }

  const Ast& ast_;
  const KnownNames& names_;
};

/// Places that are other ones for each process.
bool is_of_process(std::string_view folder) {
  return folder == "/proc/self" || folder.starts_with("/proc/self/") ||
         folder == "/proc/thread-self" || folder.starts_with("/proc/thread-self/") ||
         folder == "/dev/fd" || folder.starts_with("/dev/fd/") || folder == "/proc/net" ||
         folder.starts_with("/proc/net/");
}

/// An allow rule must match the path with links resolved.
std::string moved_prefix(const CompiledRule& rule) {
  const std::string& prefix = rule.glob->literal_prefix();
  if (!rule.absolute || prefix.find('/', 1) == std::string::npos) {
    return {};
  }
  const std::string folder = prefix.substr(0, prefix.rfind('/'));
  if (is_of_process(folder)) {
    return fmt::format("{} is another place for each process; no allow rule can name it", folder);
  }
  const auto canonical = os::canonical_path(folder);
  return canonical && *canonical != folder
             ? fmt::format("{} is a link; an allow rule must name {}", folder, *canonical)
             : std::string();
}

/// The server of a rule about one, or about one's tools; "" where the pattern leaves it open.
std::string server_of(const Rule& rule) {
  std::string name;
  if (rule.scope == Scope::kMcpServer) {
    name = rule.pattern;
  } else if (rule.scope == Scope::kTool) {
    const std::size_t mark = rule.pattern.find("__");
    name = mark == std::string::npos ? std::string() : rule.pattern.substr(0, mark);
  }
  return name.find_first_of("*?[{\\") == std::string::npos ? name : std::string();
}

}  // namespace

std::string never_true(std::string_view condition, const KnownNames& names) {
  const auto ast = expr::parse(condition);
  return ast ? Condition(*ast, names).why_never(ast->root) : std::string();
}

std::string never_matches(const CompiledRule& compiled, const KnownNames& names) {
  const Rule& rule = compiled.rule;
  const std::string& program = rule.argv.empty() ? rule.program : rule.argv.front();
  if (program.find(' ') != std::string::npos) {
    return fmt::format("no program is called '{}'; write the words apart, as in argv: [{}]",
                       program, text::replace_all(program, " ", ", "));
  }
  const bool file = rule.scope == Scope::kFilePattern;
  if (file && (rule.action == Action::kExecute || rule.action == Action::kInvoke)) {
    return fmt::format("files are read, written or deleted, never {}d", to_string(rule.action));
  }
  if (file && rule.level == Level::kAllow) {
    if (std::string moved = moved_prefix(compiled); !moved.empty()) {
      return moved;
    }
  }
  const std::string server = server_of(rule);
  if (names.all_servers && !server.empty() && !names.servers.contains(server)) {
    const std::vector<std::string> known(names.servers.begin(), names.servers.end());
    return fmt::format("no server '{}' is configured{}", server, text::did_you_mean(server, known));
  }
  if (rule.scope == Scope::kTool && rule.pattern.find_first_of("*?[{\\") == std::string::npos &&
      rule.pattern.find("__") == std::string::npos && !names.tools.contains(rule.pattern)) {
    const std::vector<std::string> known(names.tools.begin(), names.tools.end());
    if (const std::string meant = text::did_you_mean(rule.pattern, known); !meant.empty()) {
      return fmt::format("no tool '{}' is known{}", rule.pattern, meant);
    }
  }
  return rule.condition.empty() ? std::string() : never_true(rule.condition, names);
}

}  // namespace oap::permission
