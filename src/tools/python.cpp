#include "tools/command_tool.hpp"

namespace oap::tools {
namespace {

// The program comes on stdin, unless that is asked for, because an argument is limited to 128 KiB;
// -u keeps what was printed before a timeout.
Command command_of(const json::Value& arguments) {
  Command command;
  if (json::find(arguments, "stdin") != nullptr) {
    command.argv = {"python3", "-u", "-c", std::string(json::get_string(arguments, "code"))};
    command.input = json::get_string(arguments, "stdin");
  } else {
    command.argv = {"python3", "-u", "-"};
    command.input = json::get_string(arguments, "code");
  }
  command.env = {{"PYTHONUTF8", "1"}};
  return command;
}

}  // namespace

Entry python() {
  return {define("python", "Run Python", Effect::kRunsAnything, R"({
    "code": {"type": "string", "minLength": 1,
      "description": "The Python 3 program to run."},
    "env": {"type": "object", "maxProperties": 100, "additionalProperties": {"type": "string"},
      "description": "Variables of the program's environment."},
    "stdin": {"type": "string", "description": "What the program reads on standard input."},
    "timeout": {"type": "integer", "minimum": 1, "maximum": 1200, "default": 120,
      "description": "Seconds after which the program and all its children are ended."}})",
                 R"(["code"])"),
          &command_tool<&command_of>};
}

}  // namespace oap::tools
