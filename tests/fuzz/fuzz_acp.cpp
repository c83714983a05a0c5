#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "acp/editor_approver.hpp"
#include "acp/protocol.hpp"
#include "acp/wire.hpp"
#include "async/runtime.hpp"

namespace {

/// Reads every request as everything that an editor's request can be.
class Reader final : public oap::acp::Receiver {
 public:
  void on_request(oap::jsonrpc::Request request) override { read(request.params); }
  void on_notification(std::string /*method*/, oap::json::Object params) override { read(params); }

 private:
  static void read(const oap::json::Object& params) {
    const auto session = oap::acp::parse_session(params, false);
    if (session && !session->cwd.starts_with('/')) {
      std::abort();
    }
    const auto text = oap::acp::prompt_text(params, "/w");
    if (text && text->empty()) {
      std::abort();
    }
    (void)oap::acp::parse_initialize(params);
    oap::acp::Chosen chosen;
    (void)oap::acp::choose(chosen, {"offline"}, oap::json::get_string(params, "configId"),
                           oap::json::get_string(params, "value"));
    oap::approval::Request request;
    const oap::acp::Reply reply = oap::acp::read_reply(params, request);
    if (reply.answer.always || (reply.answer.approved && reply.never_again)) {
      std::abort();
    }
  }
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static oap::async::Runtime runtime;
  oap::acp::Wire wire(runtime.executor(), {});
  Reader reader;
  std::string_view rest(reinterpret_cast<const char*>(data), size);
  while (!rest.empty()) {
    const std::size_t end = rest.find('\n');
    wire.receive(rest.substr(0, end), reader);
    rest = end == std::string_view::npos ? std::string_view() : rest.substr(end + 1);
  }
  return 0;
}
