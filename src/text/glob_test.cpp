#include "text/glob.hpp"

#include <chrono>
#include <fstream>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "text/strings.hpp"

namespace oap::text {
namespace {

/// `\xNN` and `\n` as the bytes they name; any other backslash stays.
std::string bytes_of(std::string_view field) {
  std::string out;
  for (std::size_t at = 0; at < field.size(); ++at) {
    if (field.substr(at, 2) == "\\x" && at + 4 <= field.size()) {
      out.push_back(
          static_cast<char>(std::stoi(std::string(field.substr(at + 2, 2)), nullptr, 16)));
      at += 3;
    } else if (field.substr(at, 2) == "\\n") {
      out.push_back('\n');
      ++at;
    } else {
      out.push_back(field[at]);
    }
  }
  return out;
}

/// A field without the one space that stands beside each bar.
std::string field_of(std::string_view piece) {
  piece.remove_prefix(piece.starts_with(' ') ? 1 : 0);
  piece.remove_suffix(piece.ends_with(' ') ? 1 : 0);
  return bytes_of(piece);
}

GlobOptions options_of(std::string_view mode) {
  GlobOptions options;
  options.mode = mode == "plain" ? GlobMode::kPlain : GlobMode::kPath;
  options.case_insensitive = mode == "path-i";
  return options;
}

TEST(Glob, Cases) {
  std::ifstream file(OAP_SOURCE_DIR "/src/text/cases/glob.case");
  ASSERT_TRUE(file.is_open());
  int rows = 0;
  int number = 0;
  for (std::string line; std::getline(file, line);) {
    ++number;
    if (line.empty() || line[0] == '#') {
      continue;
    }
    const std::vector<std::string_view> pieces = split(line, '|');
    ASSERT_EQ(pieces.size(), 4U) << "glob.case:" << number;
    const std::string_view expected = trim(pieces[3]);
    const std::string pattern = field_of(pieces[1]);
    const auto glob = Glob::compile(pattern, options_of(trim(pieces[0])));
    const std::string text = field_of(pieces[2]);
    const std::string_view actual = !glob ? "error" : glob->matches(text) ? "yes" : "no";
    EXPECT_EQ(actual, expected) << "glob.case:" << number << ": " << line
                                << (glob ? "" : "\n" + glob.error().message());
    if (glob && glob->matches(text)) {
      EXPECT_TRUE(text.starts_with(glob->literal_prefix())) << "glob.case:" << number;
      if (!glob->has_wildcards()) {
        EXPECT_EQ(text, glob->literal_prefix()) << "glob.case:" << number;
      }
    }
    ++rows;
  }
  EXPECT_GE(rows, 80);
}

TEST(Glob, TellsLiteralPrefixes) {
  const auto prefix = [](std::string_view pattern, GlobOptions options = {}) {
    return Glob::compile(pattern, options)->literal_prefix();
  };
  GlobOptions plain;
  plain.mode = GlobMode::kPlain;
  GlobOptions any_case;
  any_case.case_insensitive = true;
  EXPECT_EQ(prefix("src/main.cpp"), "src/main.cpp");
  EXPECT_EQ(prefix("src/*.cpp"), "src/");
  EXPECT_EQ(prefix("src/**"), "src");
  EXPECT_EQ(prefix("**/x"), "");
  EXPECT_EQ(prefix("a\\*b[cd]"), "a*b");
  EXPECT_EQ(prefix("rm *", plain), "rm");
  EXPECT_EQ(prefix("git push", plain), "git push");
  EXPECT_EQ(prefix("/12/src/*", any_case), "/12/");
  EXPECT_FALSE(Glob::compile("a\\*")->has_wildcards());
  EXPECT_TRUE(Glob::compile("a*")->has_wildcards());
  EXPECT_TRUE(Glob::compile("a", any_case)->has_wildcards());
  EXPECT_FALSE(Glob::compile("12", any_case)->has_wildcards());
}

TEST(Glob, QuotedTextMatchesItselfOnly) {
  for (const std::string text : {"a*b?[c]{d,e}\\", "plain", "[", "{"}) {
    const auto glob = Glob::compile(glob_quote(text));
    ASSERT_TRUE(glob) << text;
    EXPECT_FALSE(glob->has_wildcards());
    EXPECT_TRUE(glob->matches(text));
    EXPECT_FALSE(glob->matches(text + "x"));
  }
}

TEST(Glob, HostilePatternsStayFast) {
  const std::string text = std::string(4000, 'a') + "c";
  std::string stars;
  std::string braces;
  for (int i = 0; i < 300; ++i) {
    stars += "a*";
    braces += i < 180 ? "{a,aa,*}" : "";
  }
  std::string crossing;
  for (int i = 0; i < 300; ++i) {
    crossing += "**a*/";
  }
  std::string nested;
  for (int i = 0; i < 32; ++i) {
    nested = "{" + nested + ",*a}*";
  }
  const auto begin = std::chrono::steady_clock::now();
  for (const std::string& pattern : {stars + "b", braces + "b", crossing + "b", nested + "b"}) {
    const auto glob = Glob::compile(pattern);
    ASSERT_TRUE(glob) << glob.error().message();
    EXPECT_FALSE(glob->matches(text));
  }
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(20));
}

TEST(Glob, RefusesWhatIsTooLarge) {
  EXPECT_TRUE(Glob::compile(std::string(2048, '?'))->matches(std::string(2048, 'x')));
  EXPECT_FALSE(Glob::compile(std::string(2048, '?'))->matches(std::string(2047, 'x')));
  EXPECT_FALSE(Glob::compile(std::string(2049, 'a')));
  EXPECT_FALSE(Glob::compile(std::string(1000, '{') + "a,b" + std::string(1000, '}')));
}

TEST(Glob, ErrorsSayWhatToDo) {
  EXPECT_THAT(Glob::compile("a{b,c").error().message(),
              testing::AllOf(testing::HasSubstr("no '}' for the '{' at byte 2"),
                             testing::HasSubstr("write \\{")));
  EXPECT_THAT(Glob::compile("x[").error().message(),
              testing::AllOf(testing::HasSubstr("at byte 2"), testing::HasSubstr("write \\[")));
}

bool is_below(std::string_view pattern) {
  if (!pattern.starts_with('/')) {
    return false;
  }
  pattern.remove_prefix(1);
  while (pattern.starts_with("**/")) {
    pattern.remove_prefix(3);
  }
  return pattern == "**";
}

/// The definition of a match, by plain recursion, for path patterns without classes and braces.
bool reference(std::string_view pattern, std::string_view text, bool component = true) {
  if (pattern.empty()) {
    return text.empty();
  }
  if (is_below(pattern)) {
    return text.empty() || text[0] == '/';
  }
  if (component && pattern.starts_with("**/")) {
    bool found = reference(pattern.substr(3), text);
    for (std::size_t i = 0; i < text.size(); ++i) {
      found = found || (text[i] == '/' && reference(pattern.substr(3), text.substr(i + 1)));
    }
    return found;
  }
  if (pattern.starts_with("**")) {
    bool found = false;
    for (std::size_t i = 0; i <= text.size(); ++i) {
      found = found || reference(pattern.substr(2), text.substr(i), false);
    }
    return found;
  }
  if (pattern[0] == '*') {
    return reference(pattern.substr(1), text, false) ||
           (!text.empty() && text[0] != '/' && reference(pattern, text.substr(1), false));
  }
  return !text.empty() && (pattern[0] == text[0] || (pattern[0] == '?' && text[0] != '/')) &&
         reference(pattern.substr(1), text.substr(1), pattern[0] == '/');
}

/// All words of up to `size` of the letters.
std::vector<std::string> words(std::string_view letters, std::size_t size) {
  std::vector<std::string> out = {""};
  for (std::size_t i = 0; i < out.size(); ++i) {
    for (const char c : letters) {
      if (out[i].size() < size) {
        out.push_back(out[i] + c);
      }
    }
  }
  return out;
}

TEST(Glob, AgreesWithItsDefinitionOnAllSmallPatterns) {
  const std::vector<std::string> texts = words("ab/", 5);
  std::vector<std::string> patterns = words("ab/*?", 4);
  for (const std::string& longer : words("a/*", 6)) {
    patterns.push_back(longer);
  }
  for (const std::string& pattern : patterns) {
    if (pattern.empty() || pattern.find("***") != std::string::npos) {
      continue;
    }
    const auto glob = Glob::compile(pattern);
    ASSERT_TRUE(glob);
    for (const std::string& text : texts) {
      ASSERT_EQ(glob->matches(text), reference(pattern, text)) << pattern << " ~ " << text;
    }
  }
}

}  // namespace
}  // namespace oap::text
