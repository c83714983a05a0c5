#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

/// The bytes that the MCP load generator sends and reads. Pure, but for the clock's type.
namespace oap::bench {

enum class Era : std::uint8_t { kLegacy, kModern };

/// The revisions that are spoken.
inline constexpr std::string_view kLegacyVersion = "2025-11-25";
inline constexpr std::string_view kModernVersion = "2026-07-28";

/// Where requests go and what they call.
struct Target {
  std::string host = "127.0.0.1";  ///< an IPv4 address
  std::uint16_t port = 0;
  std::string path = "/mcp";
  Era era = Era::kLegacy;
  std::string tool = "echo";
  std::string argument = "message";  ///< the tool's one string parameter
  std::size_t bytes = 5;             ///< length of that argument
  std::string authorization;         ///< the header's value; empty: not sent
};

/// Text with a place of ten digits for the request's id, so that its length never changes.
struct Template {
  std::string text;
  std::size_t id_at = 0;

  void set_id(std::uint64_t id);
};

inline constexpr std::uint64_t kFirstId = 1'000'000'000;

/// The JSON-RPC messages, without a newline.
std::string initialize_message();
std::string initialized_message();
std::string listen_message();
Template call_message(const Target& target);

/// An HTTP/1.1 POST with the headers of the era (Streamable HTTP): before the session is known
/// `session` is empty. `method` and `name` become Mcp-Method and Mcp-Name in the modern era.
std::string post(const Target& target, std::string_view session, std::string_view body,
                 std::string_view method, std::string_view name);
/// The legacy listen stream.
std::string get_stream(const Target& target, std::string_view session);
Template call_request(const Target& target, std::string_view session);

/// Whether `message` is the result for `id`. Small messages are parsed whole (an `error`, an
/// `isError` or another id is no answer); of large ones only both ends are looked at.
bool is_answer(std::string_view message, std::uint64_t id);

/// Reads one HTTP/1.1 response after the other: Content-Length or chunked, JSON or SSE.
class ResponseReader {
 public:
  /// Takes bytes from the front of `in`; true where the response is complete.
  bool feed(std::string_view& in);
  /// Before the next response.
  void reset();
  /// The next whole message of the answer, empty where there is none yet. Valid until `feed`.
  std::string_view next_message();

  bool has_head() const { return has_head_; }
  bool is_complete() const { return complete_; }
  bool failed() const { return failed_; }
  bool keeps_alive() const { return keeps_alive_; }
  int status() const { return status_; }
  const std::string& session() const { return session_; }

 private:
  void read_head();
  void read_header(std::string_view name, std::string_view value);
  bool feed_chunked(std::string_view& in);
  bool feed_plain(std::string_view& in);
  std::string_view next_event();

  std::string head_;
  std::string body_;
  std::string joined_;  ///< the data lines of an event that has several
  std::string session_;
  std::size_t taken_ = 0;    ///< of body_, already given out
  std::size_t scanned_ = 0;  ///< of body_, without the end of an event
  std::size_t left_ = 0;     ///< of the body or the chunk
  std::string size_line_;
  int status_ = 0;
  bool has_head_ = false;
  bool has_length_ = false;
  bool chunked_ = false;
  bool in_chunk_ = false;
  bool last_chunk_ = false;
  bool sse_ = false;
  bool keeps_alive_ = true;
  bool complete_ = false;
  bool failed_ = false;
};

/// What was measured. Times in nanoseconds.
struct Stats {
  std::vector<std::uint64_t> latencies;
  std::vector<std::string> errors;  ///< one sentence each, at most a few
  std::size_t error_count = 0;
  std::size_t reconnects = 0;
  double seconds = 0;
  double cpu_us = 0;  ///< of this process, user and system

  void add_error(std::string text);
  /// One JSON object.
  std::string to_json();
};

std::uint64_t now_ns();
/// User and system time of this process in microseconds.
double cpu_us();

}  // namespace oap::bench
