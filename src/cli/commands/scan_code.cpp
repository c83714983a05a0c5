#include "cli/commands/scan_code.hpp"

#include <chrono>
#include <iostream>

#include <fmt/chrono.h>
#include <fmt/format.h>

#include "cli/commands/scan_files.hpp"
#include "cli/output.hpp"
#include "json/parse.hpp"
#include "text/utf8.hpp"

namespace oap::cli {
namespace {

/// Longer files are no source that a person wrote.
constexpr std::size_t kMaxSource = 4U << 20U;

std::string today() { return fmt::format("{:%Y-%m-%d}", fmt::gmtime(std::time(nullptr))); }

class CodeSink final : public ScanSink {
 public:
  CodeSink(const security::SecretScanner& secrets, std::string language)
      : secrets_(secrets), language_(std::move(language)) {}

  void begin(const std::string& path) override {
    path_ = path;
    text_.clear();
    long_ = false;
  }
  void piece(std::string_view bytes) override {
    long_ = long_ || text_.size() + bytes.size() > kMaxSource;
    if (!long_) {
      text_ += bytes;
    }
  }
  void end() override {
    const auto language = language_.empty() ? security::language_of(path_, text_)
                                            : security::language_named(language_);
    if (!language || long_) {
      ++skipped_;
      return;
    }
    ++scanned_;
    auto found = security::scan_code(text_, *language, path_, secrets_);
    findings_.insert(findings_.end(), std::make_move_iterator(found.begin()),
                     std::make_move_iterator(found.end()));
  }

  std::vector<security::CodeFinding>& findings() { return findings_; }
  std::uint64_t scanned() const { return scanned_; }
  std::uint64_t skipped() const { return skipped_; }

 private:
  const security::SecretScanner& secrets_;
  std::string language_;
  std::string path_;
  std::string text_;
  bool long_ = false;
  std::uint64_t scanned_ = 0;
  std::uint64_t skipped_ = 0;
  std::vector<security::CodeFinding> findings_;
};

json::Object refused_line(json::Value id, std::string_view why) {
  return {{"id", std::move(id)}, {"error", why}};
}

json::Object answer_line(const security::SecretScanner& secrets,
                         const std::vector<security::Exception>& exceptions,
                         const std::string& line) {
  const auto parsed = json::parse_object(line);
  if (!parsed) {
    return refused_line(nullptr, parsed.error().message());
  }
  const json::Value* const given = json::find(*parsed, "id");
  const json::Value id = given != nullptr ? *given : json::Value(nullptr);
  const json::Value* const text = json::find(*parsed, "text");
  if (given == nullptr || text == nullptr || !text->is_string()) {
    return refused_line(id, R"(a line is {"id": …, "language": "…", "path": "…", "text": "…"})");
  }
  const std::string_view code = json::view(text->get_string());
  const std::string_view path = json::get_string(*parsed, "path");
  const std::string_view name = json::get_string(*parsed, "language");
  const auto language =
      name.empty() ? security::language_of(path, code) : security::language_named(name);
  if (!language) {
    return refused_line(id, "\"language\" is none of bash, python, javascript");
  }
  json::Object out{{"id", id}};
  const auto report = security::judge_findings(security::scan_code(code, *language, path, secrets),
                                               exceptions, today());
  for (auto& member : security::to_json(report)) {
    out[member.key()] = member.value();
  }
  return out;
}

}  // namespace

int scan_code_batch(const security::SecretScanner& secrets,
                    const std::vector<security::Exception>& exceptions) {
  std::string line;
  while (std::getline(std::cin, line)) {
    print_json(answer_line(secrets, exceptions, line));
  }
  return 0;
}

int scan_code(const security::SecretScanner& secrets,
              const std::vector<security::Exception>& exceptions, const ScanArgs& args,
              bool as_json) {
  if (args.path == "-" && args.language.empty()) {
    print_error(
        "standard input has no name to tell its language by; give --language bash, python or "
        "javascript");
    return 2;
  }
  CodeSink sink(secrets, args.language);
  const auto count = walk_files(args.path, sink);
  if (!count) {
    report(count.error(), as_json);
    return 2;
  }
  for (const std::string& reason : count->unreadable) {
    print_error(reason);
  }
  const auto judged = security::judge_findings(std::move(sink.findings()), exceptions, today());
  if (as_json) {
    json::Object out = security::to_json(judged);
    out["files"] = sink.scanned();
    out["skipped"] = sink.skipped();
    print_json(out);
  } else {
    for (const auto& finding : judged.findings) {
      print(fmt::format("{}:{}: {} {}: {} ({}) [{}]\n", text::escape_visible(finding.file_path),
                        finding.line_number, security::to_string(finding.severity), finding.type,
                        finding.description, finding.recommendation, finding.fingerprint));
    }
    print(fmt::format("{} findings in {} files, risk {:.2f}, {}; {} other files skipped\n",
                      judged.findings.size(), sink.scanned(), judged.risk_score,
                      judged.allowed ? "allowed" : "not allowed without approval", sink.skipped()));
  }
  return judged.findings.empty() && count->unreadable.empty() ? 0 : 1;
}

}  // namespace oap::cli
