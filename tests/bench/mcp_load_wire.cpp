#include "mcp_load_wire.hpp"

#include <algorithm>
#include <charconv>

#include <fmt/format.h>
#include <sys/resource.h>
#include <time.h>

#include "json/parse.hpp"
#include "json/print.hpp"

namespace oap::bench {

namespace {

constexpr std::string_view kIdPlace = "0000000000";
constexpr std::size_t kParsedWhole = 8192;
constexpr std::string_view kMeta =
    R"("_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28",)"
    R"("io.modelcontextprotocol/clientInfo":{"name":"mcp_load","version":"1"},)"
    R"("io.modelcontextprotocol/clientCapabilities":{}})";

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool same_name(std::string_view a, std::string_view b) {
  return std::ranges::equal(a, b, [](char x, char y) { return lower(x) == lower(y); });
}

bool contains_word(std::string_view text, std::string_view word) {
  return std::ranges::search(text, word, [](char x, char y) {
           return lower(x) == lower(y);
         }).begin() != text.end();
}

std::string_view trim(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) {
    text.remove_prefix(1);
  }
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t' || text.back() == '\r')) {
    text.remove_suffix(1);
  }
  return text;
}

bool names_id(std::string_view part, std::string_view digits) {
  for (std::size_t at = part.find("\"id\":"); at != std::string_view::npos;
       at = part.find("\"id\":", at + 1)) {
    if (trim(part.substr(at + 5)).starts_with(digits)) {
      return true;
    }
  }
  return false;
}

}  // namespace

void Template::set_id(std::uint64_t id) {
  std::to_chars(text.data() + id_at, text.data() + id_at + kIdPlace.size(), id);
}

std::string initialize_message() {
  return R"({"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-11-25",)"
         R"("capabilities":{},"clientInfo":{"name":"mcp_load","version":"1"}}})";
}

std::string initialized_message() {
  return R"({"jsonrpc":"2.0","method":"notifications/initialized"})";
}

std::string listen_message() {
  return fmt::format(
      R"({{"jsonrpc":"2.0","id":1,"method":"subscriptions/listen","params":{{"notifications":)"
      R"({{"toolsListChanged":true}},{}}}}})",
      kMeta);
}

Template call_message(const Target& target) {
  Template call;
  call.text = R"({"jsonrpc":"2.0","id":)";
  call.id_at = call.text.size();
  call.text += fmt::format(
      R"({},"method":"tools/call","params":{{"name":{},"arguments":{{{}:"{}"}}{}{}}}}})", kIdPlace,
      json::quote(target.tool), json::quote(target.argument), std::string(target.bytes, 'x'),
      target.era == Era::kModern ? "," : "", target.era == Era::kModern ? kMeta : "");
  return call;
}

namespace {

std::string common_headers(const Target& target, std::string_view verb, std::string_view accept,
                           std::string_view session) {
  std::string head = fmt::format("{} {} HTTP/1.1\r\nHost: {}:{}\r\nAccept: {}\r\n", verb,
                                 target.path, target.host, target.port, accept);
  if (!target.authorization.empty()) {
    head += fmt::format("Authorization: {}\r\n", target.authorization);
  }
  if (target.era == Era::kModern) {
    head += fmt::format("MCP-Protocol-Version: {}\r\n", kModernVersion);
  } else if (!session.empty()) {
    head +=
        fmt::format("MCP-Protocol-Version: {}\r\nMcp-Session-Id: {}\r\n", kLegacyVersion, session);
  }
  return head;
}

}  // namespace

std::string post(const Target& target, std::string_view session, std::string_view body,
                 std::string_view method, std::string_view name) {
  std::string request =
      common_headers(target, "POST", "application/json, text/event-stream", session);
  if (target.era == Era::kModern) {
    request += fmt::format("Mcp-Method: {}\r\n", method);
    if (!name.empty()) {
      request += fmt::format("Mcp-Name: {}\r\n", name);
    }
  }
  request +=
      fmt::format("Content-Type: application/json\r\nContent-Length: {}\r\n\r\n", body.size());
  request += body;
  return request;
}

std::string get_stream(const Target& target, std::string_view session) {
  return common_headers(target, "GET", "text/event-stream", session) + "\r\n";
}

Template call_request(const Target& target, std::string_view session) {
  const Template message = call_message(target);
  Template request;
  request.text = post(target, session, message.text, "tools/call", target.tool);
  request.id_at = request.text.size() - message.text.size() + message.id_at;
  return request;
}

bool is_answer(std::string_view message, std::uint64_t id) {
  if (message.size() <= kParsedWhole) {
    const auto parsed = json::parse_object(message);
    if (!parsed || json::find(*parsed, "error") != nullptr) {
      return false;
    }
    const json::Value* result = json::find(*parsed, "result");
    return result != nullptr && !json::get_bool(*result, "isError") &&
           json::get_int(*parsed, "id") == static_cast<std::int64_t>(id);
  }
  const std::string digits = std::to_string(id);
  return names_id(message.substr(0, 256), digits) ||
         names_id(message.substr(message.size() - 256), digits);
}

void ResponseReader::reset() {
  head_.clear();
  body_.clear();
  joined_.clear();
  size_line_.clear();
  taken_ = scanned_ = left_ = 0;
  status_ = 0;
  has_head_ = has_length_ = chunked_ = in_chunk_ = last_chunk_ = sse_ = false;
  complete_ = failed_ = false;
  keeps_alive_ = true;
}

void ResponseReader::read_header(std::string_view name, std::string_view value) {
  if (same_name(name, "content-length")) {
    const auto read = std::from_chars(value.data(), value.data() + value.size(), left_);
    failed_ = failed_ || read.ec != std::errc();
    has_length_ = true;
  } else if (same_name(name, "transfer-encoding")) {
    chunked_ = contains_word(value, "chunked");
  } else if (same_name(name, "content-type")) {
    sse_ = contains_word(value, "text/event-stream");
  } else if (same_name(name, "connection")) {
    keeps_alive_ = !contains_word(value, "close");
  } else if (same_name(name, "mcp-session-id")) {
    session_ = value;
  }
}

void ResponseReader::read_head() {
  has_head_ = true;
  std::string_view rest = head_;
  if (rest.size() < 12 || !rest.starts_with("HTTP/1.")) {
    failed_ = true;
    return;
  }
  std::from_chars(rest.data() + 9, rest.data() + 12, status_);
  while (!rest.empty()) {
    const std::size_t end = rest.find("\r\n");
    const std::string_view line = rest.substr(0, end);
    const std::size_t colon = line.find(':');
    if (colon != std::string_view::npos) {
      read_header(line.substr(0, colon), trim(line.substr(colon + 1)));
    }
    rest = end == std::string_view::npos ? std::string_view() : rest.substr(end + 2);
  }
  if (status_ == 204 || status_ == 304 || (!chunked_ && has_length_ && left_ == 0)) {
    complete_ = true;
  }
}

bool ResponseReader::feed(std::string_view& in) {
  if (!has_head_) {
    const std::size_t before = head_.size();
    head_ += in;
    const std::size_t end = head_.find("\r\n\r\n", before < 3 ? 0 : before - 3);
    if (end == std::string::npos) {
      in = {};
      failed_ = head_.size() > 65536;
      return failed_;
    }
    in.remove_prefix(end + 4 - before);
    head_.resize(end);
    read_head();
  }
  if (failed_ || complete_) {
    return true;
  }
  return chunked_ ? feed_chunked(in) : feed_plain(in);
}

bool ResponseReader::feed_plain(std::string_view& in) {
  const std::size_t n = has_length_ ? std::min(left_, in.size()) : in.size();
  body_ += in.substr(0, n);
  in.remove_prefix(n);
  left_ -= has_length_ ? n : 0;
  complete_ = has_length_ && left_ == 0;
  return complete_;
}

bool ResponseReader::feed_chunked(std::string_view& in) {
  while (!in.empty()) {
    if (in_chunk_ && left_ > 0) {
      const std::size_t n = std::min(left_, in.size());
      body_ += in.substr(0, n);
      in.remove_prefix(n);
      left_ -= n;
      continue;
    }
    const std::size_t end = in.find('\n');
    size_line_ += in.substr(0, end);
    if (end == std::string_view::npos) {
      in = {};
      break;
    }
    in.remove_prefix(end + 1);
    const std::string line(trim(size_line_));
    size_line_.clear();
    if (in_chunk_) {
      in_chunk_ = false;
    } else if (last_chunk_) {
      if (line.empty()) {
        complete_ = true;
        return true;
      }
    } else {
      const auto read = std::from_chars(line.data(), line.data() + line.size(), left_, 16);
      if (read.ec != std::errc()) {
        failed_ = true;
        return true;
      }
      last_chunk_ = left_ == 0;
      in_chunk_ = !last_chunk_;
    }
  }
  return false;
}

std::string_view ResponseReader::next_message() {
  if (sse_) {
    return next_event();
  }
  if (!complete_ || taken_ == body_.size()) {
    return {};
  }
  const std::string_view whole = std::string_view(body_).substr(taken_);
  taken_ = body_.size();
  return whole;
}

std::string_view ResponseReader::next_event() {
  if (taken_ > 0 && taken_ == body_.size()) {
    body_.clear();
    taken_ = scanned_ = 0;
  }
  while (scanned_ < body_.size()) {
    const std::size_t end = body_.find('\n', scanned_);
    if (end == std::string::npos) {
      scanned_ = body_.size();
      return {};
    }
    const std::size_t after = end + 1;
    const bool crlf = body_.compare(after, 2, "\r\n") == 0;
    if (after >= body_.size() || (body_[after] == '\r' && after + 1 == body_.size())) {
      scanned_ = end;
      return {};
    }
    scanned_ = after;
    if (body_[after] != '\n' && !crlf) {
      continue;
    }
    std::string_view event = std::string_view(body_).substr(taken_, after - taken_);
    taken_ = scanned_ = after + (crlf ? 2 : 1);
    std::string_view data;
    std::size_t lines = 0;
    while (!event.empty()) {
      const std::size_t stop = event.find('\n');
      std::string_view line = event.substr(0, stop);
      event = stop == std::string_view::npos ? std::string_view() : event.substr(stop + 1);
      if (!line.starts_with("data:")) {
        continue;
      }
      line = trim(line.substr(5));
      if (lines++ == 0) {
        data = line;
        continue;
      }
      if (lines == 2) {
        joined_ = data;
      }
      joined_ += '\n';
      joined_ += line;
      data = joined_;
    }
    if (!data.empty()) {
      return data;
    }
  }
  return {};
}

void Stats::add_error(std::string text) {
  ++error_count;
  if (errors.size() < 4 && std::ranges::find(errors, text) == errors.end()) {
    errors.push_back(std::move(text));
  }
}

std::string Stats::to_json() {
  std::ranges::sort(latencies);
  const auto at = [this](double part) {
    if (latencies.empty()) {
      return 0.0;
    }
    const auto i = static_cast<std::size_t>(part * static_cast<double>(latencies.size() - 1));
    return static_cast<double>(latencies[i]) / 1000.0;
  };
  const auto calls = static_cast<double>(latencies.size());
  json::Array texts;
  for (const std::string& text : errors) {
    texts.emplace_back(text);
  }
  return fmt::format(
      R"({{"calls":{},"errors":{},"error_texts":{},"reconnects":{},"seconds":{:.6f},)"
      R"("calls_per_s":{:.1f},"p50_us":{:.1f},"p90_us":{:.1f},"p99_us":{:.1f},"max_us":{:.1f},)"
      R"("client_cpu_us_per_call":{:.2f}}})",
      latencies.size(), error_count, json::print(texts), reconnects, seconds,
      seconds > 0 ? calls / seconds : 0.0, at(0.5), at(0.9), at(0.99), at(1),
      calls > 0 ? cpu_us / calls : 0.0);
}

std::uint64_t now_ns() {
  timespec time{};
  clock_gettime(CLOCK_MONOTONIC, &time);
  return static_cast<std::uint64_t>(time.tv_sec) * 1'000'000'000U +
         static_cast<std::uint64_t>(time.tv_nsec);
}

double cpu_us() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto micros = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) * 1e6 + static_cast<double>(t.tv_usec);
  };
  return micros(usage.ru_utime) + micros(usage.ru_stime);
}

}  // namespace oap::bench
