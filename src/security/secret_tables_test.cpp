#include <fstream>
#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <re2/re2.h>

#include "security/secret_scanner.hpp"
#include "security/testing/assemble.hpp"
#include "security/token_types.hpp"

namespace oap::security {
namespace {

using testing::assemble;

struct Row {
  std::string where;
  std::string left;
  std::string right;
};

std::vector<Row> rows_of(const std::string& name) {
  std::ifstream file(OAP_SOURCE_DIR "/src/security/cases/" + name);
  std::vector<Row> rows;
  std::string line;
  for (int number = 1; std::getline(file, line); ++number) {
    const std::size_t arrow = line.find(" => ");
    if (!line.empty() && !line.starts_with("# ") && arrow != std::string::npos) {
      rows.push_back(
          {name + ":" + std::to_string(number), line.substr(0, arrow), line.substr(arrow + 4)});
    }
  }
  return rows;
}

std::string types_of(const std::vector<SecretScanner::Finding>& findings) {
  std::string out;
  for (const auto& finding : findings) {
    out += (out.empty() ? "" : " ") + finding.type;
  }
  return out.empty() ? "none" : out;
}

/// What remains of the token in what the stream released, cut at every `step`.
void expect_stream_agrees(const SecretScanner& scanner, const std::string& text, std::size_t step,
                          const std::string& where) {
  SecretStream stream(scanner);
  std::string out;
  for (std::size_t at = 0; at < text.size(); at += step) {
    out += stream.push(std::string_view(text).substr(at, step));
  }
  out += stream.finish();
  EXPECT_EQ(stream.findings(), scanner.scan(text)) << where << " step " << step << ": " << text;
}

std::vector<std::pair<std::string, std::string>> contexts_of(const std::string& token) {
  const std::string spaced = "the value is " + token + " and no other\n";
  std::string escaped;
  std::string percent;
  constexpr std::string_view kHex = "0123456789abcdef";
  for (const char c : token) {
    const auto byte = static_cast<unsigned char>(c);
    escaped += std::string("\\u00") + kHex[byte >> 4U] + kHex[byte & 15U];
    percent += std::string("%") + kHex[byte >> 4U] + kHex[byte & 15U];
  }
  return {{"alone", token},
          {"sentence", spaced},
          {"json", R"({"a":1,"value":")" + token + R"(","b":"x"})"},
          {"json in json", R"({"text":"{\"v\":\")" + token + R"(\"}\nnext"})"},
          {"yaml", "a:\n  v: " + token + "\n  w: 2\n"},
          {"env", "A=1\nV=" + token + "\nB=2\n"},
          {"export", "export V='" + token + "'\n"},
          {"query", "https://api.host.dev/v1?x=1&v=" + token + "&y=2"},
          {"code", "const v = \"" + token + "\"; // v\n"},
          {"log", "2026-01-02T03:04:05Z INFO [main] sent v=" + token + " status=200\n"},
          {"markdown", "Use `" + token + "` here.\n"},
          {"colour", "\x1b[32m" + token + "\x1b[0m\n"},
          {"escaped newline", "a\\n" + token + "\\nb"},
          {"base64", crypto::to_base64(token)},
          {"base64 of more", "data: " + crypto::to_base64("{\"v\":\"" + token + "\"}") + "\n"},
          {"base64 twice", crypto::to_base64(crypto::to_base64(token))},
          {"base64url", crypto::to_base64url("v " + token)},
          {"hex", crypto::to_hex(token)},
          {"unicode escapes", "\"" + escaped + "\""},
          {"percent", "q=" + percent + "&r=1"},
          {"base64 of percent", crypto::to_base64("q=" + percent)}};
}

TEST(SecretTables, EveryTokenInEveryContext) {
  const SecretScanner scanner({}, "key");
  const std::vector<Row> rows = rows_of("secrets_positive_tokens.case");
  std::uint32_t seed = 100;
  int looked = 0;
  int missed = 0;
  for (const Row& row : rows) {
    const std::string token = assemble(row.right, seed += 50);
    for (const auto& [context, text] : contexts_of(token)) {
      ++looked;
      const std::string clean = scanner.redact(text);
      const std::string found = types_of(scanner.scan(text));
      const bool encoded = text.find(token) == std::string::npos;
      const bool ok = found.find(row.left) != std::string::npos &&
                      (encoded || clean.find(token) == std::string::npos);
      missed += ok ? 0 : 1;
      EXPECT_TRUE(ok) << row.where << " " << context << ": found " << found << " in " << text;
    }
  }
  EXPECT_GE(looked, 5000);
  RecordProperty("looked", looked);
  RecordProperty("missed", missed);
}

TEST(SecretTables, EveryTokenCutAnywhere) {
  const SecretScanner scanner({}, "key");
  std::uint32_t seed = 7000;
  for (const Row& row : rows_of("secrets_positive_tokens.case")) {
    const std::string token = assemble(row.right, seed += 50);
    const std::string text = "x \"" + token + "\" y " + crypto::to_base64(token) + " z\n";
    for (const std::size_t step : {1U, 3U, 7U, 50U}) {
      expect_stream_agrees(scanner, text, step, row.where);
    }
  }
}

TEST(SecretTables, EveryTypeHasARow) {
  std::set<std::string, std::less<>> with_row;
  for (const char* file :
       {"secrets_positive_tokens.case", "secrets_positive.case", "secrets_phrases.case"}) {
    for (const Row& row : rows_of(file)) {
      for (const std::string_view type : text::split(row.left, ' ')) {
        with_row.emplace(type);
      }
    }
  }
  for (const std::string_view type : SecretScanner::types()) {
    EXPECT_TRUE(with_row.contains(type) || type == "known_secret") << type;
  }
  EXPECT_GE(SecretScanner::types().size(), 300U);
}

TEST(SecretTables, Positives) {
  const SecretScanner scanner({}, "key");
  std::vector<Row> rows = rows_of("secrets_positive.case");
  const std::vector<Row> phrases = rows_of("secrets_phrases.case");
  rows.insert(rows.end(), phrases.begin(), phrases.end());
  for (const Row& row : rows) {
    const std::string text = assemble(row.right);
    EXPECT_EQ(types_of(scanner.scan(text)), row.left) << row.where << ": " << text;
    const std::string clean = scanner.redact(text);
    EXPECT_EQ(scanner.redact(clean), clean) << row.where;
    for (const auto& finding : scanner.scan(text)) {
      EXPECT_EQ(clean.find(text.substr(finding.start, finding.end - finding.start)),
                std::string::npos);
    }
    for (const std::size_t step : {1U, 5U, 64U}) {
      expect_stream_agrees(scanner, text, step, row.where);
    }
  }
  EXPECT_GE(rows.size(), 200U);
}

// What stands before the cut matters as much as the cut: see prefilter().
TEST(SecretTables, PositivesInTwoPieces) {
  const SecretScanner scanner({}, "key");
  for (const char* file : {"secrets_positive.case", "secrets_phrases.case"}) {
    for (const Row& row : rows_of(file)) {
      const std::string text = "# settings of a service\n" + assemble(row.right);
      const auto whole = scanner.scan(text);
      for (std::size_t cut = 1; cut < std::min<std::size_t>(text.size(), 240); ++cut) {
        SecretStream stream(scanner);
        std::string out = stream.push(std::string_view(text).substr(0, cut));
        out += stream.push(std::string_view(text).substr(cut));
        out += stream.finish();
        ASSERT_EQ(stream.findings(), whole) << row.where << " cut at " << cut;
        ASSERT_EQ(out, scanner.redact(text)) << row.where << " cut at " << cut;
      }
    }
  }
}

TEST(SecretTables, Negatives) {
  const SecretScanner scanner({}, "key");
  const std::vector<Row> rows = rows_of("secrets_negative.case");
  for (const Row& row : rows) {
    const std::string text = assemble(row.right);
    EXPECT_EQ(types_of(scanner.scan(text)), "none") << row.where << ": " << text;
  }
  EXPECT_GE(rows.size(), 300U);
}

TEST(SecretTables, TriggersAreSharp) {
  for (const TokenType& type : token_types()) {
    const Trigger trigger = trigger_of(type.pattern);
    EXPECT_GE(trigger.width, 4U) << type.type << " " << type.pattern;
    // One that RE2 does not take (a count above 1,000) would match nothing, in silence.
    EXPECT_TRUE(re2::RE2(re2::StringPiece(type.pattern.data(), type.pattern.size())).ok())
        << type.type << " " << type.pattern;
  }
}

}  // namespace
}  // namespace oap::security
