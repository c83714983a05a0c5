#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "api/line_buffer.hpp"
#include "api/wire.hpp"
#include "jsonrpc/message.hpp"

namespace {

/// Whatever is read names a folder that is absolute and holds no NUL.
template <class T>
void check(const oap::Result<T>& read, const std::string& directory) {
  if (read ? directory.empty() || directory.front() != '/' ||
                 directory.find('\0') != std::string::npos
           : read.error().message().empty()) {
    std::abort();
  }
}

void read_all(const oap::json::Object& params) {
  using namespace oap::api;
  const auto asked = read_tool_asked(params);
  check(asked, asked ? asked->place.directory : "");
  const auto done = read_tool_done(params);
  check(done, done ? done->place.directory : "");
  const auto chat = read_chat_asked(params);
  check(chat, chat ? chat->place.directory : "");
  const auto permission = read_permission_asked(params);
  check(permission, permission ? permission->place.directory : "");
  const auto usage = read_usage_told(params);
  check(usage, usage ? usage->place.directory : "");
  if (usage && (usage->input < 0 || usage->output < 0 || !(usage->cost_usd >= 0))) {
    std::abort();
  }
  const auto hook = read_hook_asked(params);
  check(hook, hook ? hook->directory : "");
  const auto hello = read_hello(params);
  check(hello, hello ? hello->directory : "");
}

}  // namespace

// What a client may send: lines in two pieces, and each message's parameters for every method.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  oap::api::LineBuffer lines(64U << 10U);
  for (const std::string_view piece : {text.substr(0, size / 2), text.substr(size / 2)}) {
    lines.push(piece);
    for (auto line = lines.next(); line && *line; line = lines.next()) {
      const auto message = oap::jsonrpc::decode(**line);
      if (message && std::holds_alternative<oap::jsonrpc::Request>(*message)) {
        read_all(std::get<oap::jsonrpc::Request>(*message).params);
      }
    }
  }
  return 0;
}
