// The pure half of the MCP server: no header and no message crashes the checks of the modern era,
// what a check lets through is what it says, and a ticket that was changed does not open.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "json/parse.hpp"
#include "jsonrpc/message.hpp"
#include "mcp/server/envelope.hpp"
#include "mcp/server/gate.hpp"
#include "mcp/server/mirror.hpp"
#include "mcp/server/parking.hpp"
#include "mcp/server/session_stream.hpp"

namespace {

using namespace oap;

void require(bool holds) {
  if (!holds) {
    std::abort();
  }
}

net::RequestHead head_of(std::string_view& input) {
  net::RequestHead head;
  while (!input.empty()) {
    const std::size_t end = input.find('\n');
    const std::string_view line = input.substr(0, end);
    input.remove_prefix(end == std::string_view::npos ? input.size() : end + 1);
    if (line.empty()) {
      break;
    }
    const std::size_t colon = line.find(':');
    head.headers.emplace_back(line.substr(0, colon),
                              colon == std::string_view::npos ? "" : line.substr(colon + 1));
  }
  return head;
}

void check_request(const net::RequestHead& head, const jsonrpc::Request& request) {
  const std::string* version = head.header("MCP-Protocol-Version");
  const mcp::Era era = mcp::era_of(request, version);
  require(era == mcp::Era::kModern || !mcp::has_envelope(request.params));
  const auto envelope = mcp::read_envelope(request.params);
  if (envelope) {
    require(era == mcp::Era::kModern);
    if (!mcp::check_version_header(head.headers, envelope->version)) {
      require(version != nullptr);
    }
    mcp::check_version(envelope->version);
  }
  if (!mcp::check_method_headers(head.headers, request)) {
    require(head.header("Mcp-Method") != nullptr);
  }
  const auto mirrored = mcp::mirrored_params(request.params);
  mcp::check_mirrored(head.headers, request.params, mirrored);
  json::Object result = request.params;
  mcp::complete_result(request.method, {}, result);
  require(json::find(result, "resultType") != nullptr);
  const auto missing = mcp::missing_capability(request.method, request.params, request.params);
  require(!missing || !missing->empty());
  for (const auto& member : request.params) {
    mcp::is_valid_input(request.method, member.value());
    if (const auto* value = head.header("Mcp-Name")) {
      mcp::header_equals(*value, member.value());
    }
  }
}

void check_ticket(std::string_view input) {
  static const mcp::TicketSeal seal;
  const mcp::Ticket ticket{std::string(16, 'n'), 3, SteadyTime(std::chrono::seconds(5))};
  static const std::string state = seal.seal(ticket, "ann");
  require(seal.open(state, "ann").has_value());
  require(!seal.open(input, "ann"));
  std::string changed = state.substr(0, state.size() - input.size() % state.size());
  changed += input;
  require(changed == state || !seal.open(changed, "ann"));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view input(reinterpret_cast<const char*>(data), size);
  check_ticket(input);
  mcp::parse_event_id(input);
  mcp::host_of(input);
  if (const auto host = mcp::host_of_origin(input)) {
    require(!host->empty() && host->find('/') == std::string::npos);
  }
  if (const auto decoded = mcp::decode_header_value(input)) {
    mcp::header_equals(*decoded, json::Value(42));
  }
  const net::RequestHead head = head_of(input);
  if (mcp::is_trusted(head, {}, {})) {
    require(mcp::is_loopback_name(*mcp::host_of(*head.header("Host"))));
  }
  const auto message = jsonrpc::decode(input);
  if (message) {
    if (const auto* request = std::get_if<jsonrpc::Request>(&*message)) {
      check_request(head, *request);
    }
  }
  return 0;
}
