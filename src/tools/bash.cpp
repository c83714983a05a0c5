#include "tools/command_tool.hpp"

namespace oap::tools {
namespace {

Command command_of(const json::Value& arguments) {
  Command command;
  command.argv = {"bash", "--noprofile", "--norc", "-c",
                  std::string(json::get_string(arguments, "command"))};
  command.input = json::get_string(arguments, "stdin");
  return command;
}

}  // namespace

Entry bash() {
  return {define("bash", "Run a command", Effect::kRunsAnything, R"({
    "command": {"type": "string", "minLength": 1, "maxLength": 100000,
      "description": "The bash command line or script to run."},
    "env": {"type": "object", "maxProperties": 100, "additionalProperties": {"type": "string"},
      "description": "Variables of the command's environment; the way for values that are no shell text."},
    "stdin": {"type": "string", "description": "What the command reads on standard input."},
    "timeout": {"type": "integer", "minimum": 1, "maximum": 1200, "default": 120,
      "description": "Seconds after which the command and all its children are ended."}})",
                 R"(["command"])"),
          &command_tool<&command_of>};
}

}  // namespace oap::tools
