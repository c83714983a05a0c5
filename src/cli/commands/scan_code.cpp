#include "cli/commands/scan_code.hpp"

#include <chrono>

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <sys/stat.h>

#include "cli/batch.hpp"
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
  CodeSink(const security::SecretScanner& secrets, const ScanArgs& args)
      : secrets_(secrets), language_(args.language), named_(args.path) {}

  /// What is run as a program is one, whatever it holds.
  bool skips_binary(const std::string& path, std::string_view head) override {
    return !security::language_of(path, head) && (language_.empty() || path != named_);
  }
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
    if (!language) {
      ++skipped_;
      return;
    }
    if (long_) {
      too_large_.push_back(path_);
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
  /// Code that was not looked at.
  const std::vector<std::string>& too_large() const { return too_large_; }

 private:
  const security::SecretScanner& secrets_;
  std::string language_;
  std::string named_;
  std::string path_;
  std::string text_;
  bool long_ = false;
  std::uint64_t scanned_ = 0;
  std::uint64_t skipped_ = 0;
  std::vector<std::string> too_large_;
  std::vector<security::CodeFinding> findings_;
};

bool names_a_file(const std::string& path) {
  struct stat info{};
  return path == "-" || (::stat(path.c_str(), &info) == 0 && S_ISREG(info.st_mode));
}

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
  const std::size_t unread =
      answer_lines([&](const std::string& line) { return answer_line(secrets, exceptions, line); });
  return unread == 0 ? 0 : exit_code(Code::kUsage);
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
  CodeSink sink(secrets, args);
  const auto count = walk_files(args.path, sink);
  if (!count) {
    report(count.error(), as_json);
    return 2;
  }
  for (const std::string& reason : count->unreadable) {
    print_error(reason);
  }
  for (const std::string& path : sink.too_large()) {
    print_error(fmt::format("{} is code of more than {} MiB and was not looked at; divide it",
                            text::escape_visible(path), kMaxSource >> 20U));
  }
  const bool unseen = names_a_file(args.path) && sink.scanned() == 0;
  if (unseen && sink.too_large().empty()) {
    print_error(fmt::format("{} was not looked at: {}; name its language with --language",
                            text::escape_visible(args.path),
                            count->binary > 0 ? "it is binary" : "its language is not known"));
  }
  const bool whole = count->unreadable.empty() && sink.too_large().empty() && !unseen;
  const auto judged = security::judge_findings(std::move(sink.findings()), exceptions, today());
  if (as_json) {
    json::Object out = security::to_json(judged);
    out["allowed"] = judged.allowed && whole;
    out["files"] = sink.scanned();
    out["skipped"] = sink.skipped();
    out["skipped_binary"] = count->binary;
    out["too_large"] = sink.too_large().size();
    print_json(out);
  } else {
    for (const auto& finding : judged.findings) {
      print(fmt::format("{}:{}: {} {}: {} ({}) [{}]\n", text::escape_visible(finding.file_path),
                        finding.line_number, security::to_string(finding.severity), finding.type,
                        finding.description, finding.recommendation, finding.fingerprint));
    }
    const std::string_view verdict = !judged.allowed ? "not allowed without approval"
                                     : whole         ? "allowed"
                                                     : "not looked at as a whole";
    print(
        fmt::format("{} findings in {} files, risk {:.2f}, {}; {} too large, {} binary and {} "
                    "other files skipped\n",
                    judged.findings.size(), sink.scanned(), judged.risk_score, verdict,
                    sink.too_large().size(), count->binary, sink.skipped()));
  }
  return judged.findings.empty() && whole ? 0 : 1;
}

}  // namespace oap::cli
