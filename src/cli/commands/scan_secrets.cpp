#include "cli/commands/scan_secrets.hpp"

#include <array>
#include <cerrno>
#include <system_error>

#include <fmt/format.h>
#include <unistd.h>

#include "cli/batch.hpp"
#include "cli/commands/scan_files.hpp"
#include "cli/output.hpp"
#include "json/parse.hpp"
#include "text/utf8.hpp"

namespace oap::cli {
namespace {

constexpr std::size_t kForgetEvery = 1U << 20U;

/// Reports each finding as soon as it is decided; never the secret itself.
class SecretSink final : public ScanSink {
 public:
  SecretSink(const security::SecretScanner& scanner, bool as_json)
      : scanner_(scanner), as_json_(as_json) {}

  void begin(const std::string& path) override {
    path_ = path;
    lines_ = LineCounter();
    stream_.emplace(scanner_);
    told_ = released_ = 0;
  }

  void piece(std::string_view bytes) override {
    lines_.add(bytes);
    cleared_.clear();
    stream_->push(bytes, cleared_);
    tell();
    if ((released_ += bytes.size()) > kForgetEvery) {
      // Findings are told long before they are this far behind.
      lines_.forget(released_ - kForgetEvery);
    }
  }

  void end() override {
    stream_->finish();
    tell();
    stream_.reset();
  }

  json::Array& findings() { return findings_; }
  std::size_t count() const { return count_; }

 private:
  void tell() {
    const auto& all = stream_->findings();
    for (; told_ < all.size(); ++told_) {
      const auto& finding = all[told_];
      const std::uint64_t line = lines_.line_of(finding.start);
      ++count_;
      if (as_json_) {
        findings_.push_back(json::Object{{"file", path_},
                                         {"line", line},
                                         {"type", finding.type},
                                         {"start", finding.start},
                                         {"end", finding.end}});
      } else {
        print(fmt::format("{}:{}: {} ({} bytes)\n", text::escape_visible(path_), line, finding.type,
                          finding.end - finding.start));
      }
    }
  }

  const security::SecretScanner& scanner_;
  bool as_json_;
  std::string path_;
  LineCounter lines_;
  std::optional<security::SecretStream> stream_;
  std::string cleared_;
  std::size_t told_ = 0;
  std::size_t released_ = 0;
  std::size_t count_ = 0;
  json::Array findings_;
};

json::Object refused_line(json::Value id, std::string_view why) {
  return {{"id", std::move(id)}, {"error", why}};
}

json::Object answer(json::Value id, const std::vector<security::SecretScanner::Finding>& found,
                    const std::string& redacted) {
  json::Array findings;
  for (const auto& finding : found) {
    findings.push_back(
        json::Object{{"type", finding.type}, {"start", finding.start}, {"end", finding.end}});
  }
  return {{"id", std::move(id)}, {"findings", std::move(findings)}, {"redacted", redacted}};
}

json::Object answer_line(const security::SecretScanner& scanner, const std::string& line) {
  const auto parsed = json::parse_object(line);
  if (!parsed) {
    return refused_line(nullptr, parsed.error().message());
  }
  const json::Value* const given = json::find(*parsed, "id");
  const json::Value id = given != nullptr ? *given : json::Value(nullptr);
  const json::Value* const text = json::find(*parsed, "text");
  const json::Value* const chunks = json::find(*parsed, "chunks");
  if (given == nullptr || (text == nullptr) == (chunks == nullptr)) {
    return refused_line(id, R"(a line is {"id": …, "text": "…"} or {"id": …, "chunks": ["…"]})");
  }
  if (text != nullptr) {
    if (!text->is_string()) {
      return refused_line(id, "\"text\" is not a string");
    }
    const std::string_view bytes = json::view(text->get_string());
    return answer(id, scanner.scan(bytes), scanner.redact(bytes));
  }
  if (!chunks->is_array()) {
    return refused_line(id, "\"chunks\" is not a list of strings");
  }
  security::SecretStream stream(scanner);
  std::string redacted;
  for (const json::Value& chunk : chunks->get_array()) {
    if (!chunk.is_string()) {
      return refused_line(id, "\"chunks\" is not a list of strings");
    }
    redacted += stream.push(json::view(chunk.get_string()));
  }
  redacted += stream.finish();
  return answer(id, stream.findings(), redacted);
}

}  // namespace

int scan_secrets_batch(const security::SecretScanner& scanner) {
  answer_lines([&](const std::string& line) { return answer_line(scanner, line); });
  return 0;
}

int scan_secrets(const security::SecretScanner& scanner, const ScanArgs& args, bool as_json) {
  SecretSink sink(scanner, as_json);
  const auto count = walk_files(args.path, sink);
  if (!count) {
    report(count.error(), as_json);
    return 2;
  }
  for (const std::string& reason : count->unreadable) {
    print_error(reason);
  }
  const bool clean = sink.count() == 0;
  if (as_json) {
    json::Array unreadable;
    for (const std::string& reason : count->unreadable) {
      unreadable.emplace_back(reason);
    }
    print_json(json::Object{{"ok", clean},
                            {"findings", std::move(sink.findings())},
                            {"files", count->files},
                            {"bytes", count->bytes},
                            {"skipped_binary", count->binary},
                            {"unreadable", std::move(unreadable)}});
  } else {
    print(fmt::format(
        "{} findings in {} files ({} bytes); {} binary files skipped, {} unreadable\n",
        sink.count(), count->files, count->bytes, count->binary, count->unreadable.size()));
  }
  return clean && count->unreadable.empty() ? 0 : 1;
}

}  // namespace oap::cli
