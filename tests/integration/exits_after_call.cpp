// An MCP server (legacy, stdio) that answers one call and ends. With the argument "parent" it
// leaves a child behind that ignores SIGTERM and its closed input.

#include <csignal>
#include <iostream>
#include <string>

#include <unistd.h>

#include "json/parse.hpp"
#include "json/print.hpp"

namespace {

using oap::json::Array;
using oap::json::Object;
using oap::json::Value;

void answer(const Value& id, Object result) {
  std::cout << oap::json::print(
                   Value(Object{{"jsonrpc", "2.0"}, {"id", id}, {"result", std::move(result)}}))
            << '\n'
            << std::flush;
}

void refuse(const Value& id) {
  Object error{{"code", -32601}, {"message", "no such method"}};
  std::cout << oap::json::print(
                   Value(Object{{"jsonrpc", "2.0"}, {"id", id}, {"error", std::move(error)}}))
            << '\n'
            << std::flush;
}

void leave_a_child() {
  if (::fork() == 0) {
    std::signal(SIGTERM, SIG_IGN);
    std::signal(SIGHUP, SIG_IGN);
    while (true) {
      ::pause();
    }
  }
}

Object greeting(const Object& params) {
  Object capabilities{{"tools", Object{}}};
  Object info{{"name", "exits-after-call"}, {"version", "1"}};
  return Object{{"protocolVersion", oap::json::get_string(params, "protocolVersion")},
                {"capabilities", std::move(capabilities)},
                {"serverInfo", std::move(info)}};
}

Object tools() {
  Object tool{{"name", "go"}, {"inputSchema", Object{{"type", "object"}}}};
  return Object{{"tools", Array{std::move(tool)}}};
}

}  // namespace

int main(int argc, char** argv) {
  if (argc > 1 && std::string(argv[1]) == "parent") {
    leave_a_child();
  }
  for (std::string line; std::getline(std::cin, line);) {
    const auto message = oap::json::parse_object(line);
    const Value* id = message ? oap::json::find(*message, "id") : nullptr;
    if (id == nullptr) {
      continue;
    }
    const std::string_view method = oap::json::get_string(*message, "method");
    const Object* params = oap::json::find_object(*message, "params");
    if (method == "initialize") {
      answer(*id, greeting(params == nullptr ? Object{} : *params));
    } else if (method == "tools/list") {
      answer(*id, tools());
    } else if (method == "tools/call") {
      answer(*id, Object{{"content", Array{}}});
      return 0;
    } else {
      refuse(*id);
    }
  }
  return 0;
}
