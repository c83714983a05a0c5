#include "tools/builtin.hpp"

#include <algorithm>
#include <utility>

#include "text/nearest.hpp"
#include "tools/entry.hpp"
#include "tools/run_command.hpp"

namespace oap::tools {

Entry read_file();
Entry write_file();
Entry edit_file();
Entry list_dir();
Entry glob();
Entry grep();
Entry bash();
Entry python();
Entry skill();
Entry read_output();
Entry run_command();

namespace {

constexpr std::string_view kFileOps = "file_ops";

/// One line a tool, in the order in which models see them.
struct Row {
  std::string_view name;
  Entry (*entry)();
  std::string_view capability;
};
constexpr Row kTable[] = {
    {"read_file", &read_file, kFileOps},
    {"write_file", &write_file, kFileOps},
    {"edit_file", &edit_file, kFileOps},
    {"list_dir", &list_dir, kFileOps},
    {"glob", &glob, kFileOps},
    {"grep", &grep, kFileOps},
    {"bash", &bash, "bash"},
    {"python", &python, "python"},
};

/// The tools for agents; `capability` is what must be served for them to be.
constexpr Row kAgentTable[] = {
    {"skill", &skill, ""},
    {"read_output", &read_output, ""},
    {"run_command", &run_command, "bash"},
};

ToolSpec spec_of(const Row& row) {
  Entry entry = row.entry();
  ToolSpec spec;
  spec.server = kBuiltinServer;
  spec.name = row.name;
  spec.description = json::view(entry.definition["description"].as_string());
  spec.input_schema = entry.definition["inputSchema"];
  spec.definition = std::move(entry.definition);
  return spec;
}

}  // namespace

Result<std::vector<std::unique_ptr<mcp::Tool>>> builtin_tools(const Context& context) {
  std::vector<std::string> roots = {context.workspace};
  roots.insert(roots.end(), context.more_roots.begin(), context.more_roots.end());
  OAP_TRY(Workspace workspace, Workspace::open(roots));
  auto shared = std::make_shared<const Shared>(
      Shared{context, std::move(workspace), std::make_unique<async::BlockingPool>()});
  std::vector<std::unique_ptr<mcp::Tool>> tools;
  for (const Row& row : kTable) {
    Entry entry = row.entry();
    std::unique_ptr<mcp::Tool> tool = entry.make(std::move(entry.definition), shared);
    tools.push_back(row.capability == "bash" && context.agent
                        ? with_skill_installs(std::move(tool), shared)
                        : std::move(tool));
  }
  for (const Row& row : kAgentTable) {
    if (context.agent) {
      Entry entry = row.entry();
      tools.push_back(entry.make(std::move(entry.definition), shared));
    }
  }
  return tools;
}

std::vector<ToolSpec> builtin_specs() {
  std::vector<ToolSpec> specs;
  for (const Row& row : kTable) {
    specs.push_back(spec_of(row));
  }
  return specs;
}

std::vector<ToolSpec> agent_specs() {
  std::vector<ToolSpec> specs;
  for (const Row& row : kAgentTable) {
    specs.push_back(spec_of(row));
  }
  return specs;
}

void add_agent_tools(std::vector<std::string>& names) {
  for (const Row& row : kAgentTable) {
    const bool may = row.capability.empty() ||
                     std::find(names.begin(), names.end(), row.capability) != names.end();
    if (may) {
      names.emplace_back(row.name);
    }
  }
}

Result<std::vector<std::string>> tools_of_capabilities(
    const std::vector<std::string>& capabilities) {
  std::vector<std::string> known = {std::string(kFileOps)};
  for (const Row& row : kTable) {
    known.emplace_back(row.name);
  }
  for (const std::string& wanted : capabilities) {
    if (std::find(known.begin(), known.end(), wanted) == known.end()) {
      return fail(Code::kConfiguration,
                  "the built-in server has no capability '{}'{}; it has bash, python, file_ops and "
                  "the single tools",
                  wanted, text::did_you_mean(wanted, known));
    }
  }
  std::vector<std::string> names;
  for (const Row& row : kTable) {
    const bool named = std::any_of(capabilities.begin(), capabilities.end(), [&](const auto& each) {
      return each == row.name || each == row.capability;
    });
    if (capabilities.empty() || named) {
      names.emplace_back(row.name);
    }
  }
  return names;
}

}  // namespace oap::tools
