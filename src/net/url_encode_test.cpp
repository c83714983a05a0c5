#include "net/url_encode.hpp"

#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace oap::net {
namespace {

using ::testing::ElementsAre;
using ::testing::Pair;

TEST(PercentEncoding, GoesThereAndBack) {
  EXPECT_EQ(percent_encode("aZ9-._~ /?&=%+\xC3\xA9"), "aZ9-._~%20%2F%3F%26%3D%25%2B%C3%A9");
  std::string all;
  for (int i = 0; i < 256; ++i) {
    all += static_cast<char>(i);
  }
  EXPECT_EQ(percent_decode(percent_encode(all)).value(), all);
  EXPECT_EQ(percent_decode("a+b%2fc").value(), "a+b/c");
  for (const char* wrong : {"%", "%2", "abc%", "%zz", "%2z", "%-1", "a%%20"}) {
    EXPECT_FALSE(percent_decode(wrong)) << wrong;
  }
}

TEST(FormEncoding, GoesThereAndBack) {
  const FormFields fields = {{"grant_type", "client_credentials"}, {"a b", "c+d&e=f"}, {"x", ""}};
  const std::string text = form_encode(fields);
  EXPECT_EQ(text, "grant_type=client_credentials&a+b=c%2Bd%26e%3Df&x=");
  EXPECT_EQ(form_decode(text).value(), fields);
  EXPECT_THAT(form_decode("a=1&&b&=c&a=2=3&").value(),
              ElementsAre(Pair("a", "1"), Pair("b", ""), Pair("", "c"), Pair("a", "2=3")));
  EXPECT_EQ(*find_field(form_decode("a=1&a=2").value(), "a"), "1");
  EXPECT_EQ(find_field(fields, "none"), nullptr);
  EXPECT_TRUE(form_decode("").value().empty());
  EXPECT_FALSE(form_decode("a=%G0"));
}

TEST(UrlWithQuery, AddsToWhatIsThere) {
  const FormFields fields = {{"code", "a b"}};
  EXPECT_EQ(url_with_query("https://h/cb", fields), "https://h/cb?code=a+b");
  EXPECT_EQ(url_with_query("https://h/cb?x=1#frag", fields), "https://h/cb?x=1&code=a+b");
  EXPECT_EQ(url_with_query("https://h/cb?", fields), "https://h/cb?code=a+b");
  EXPECT_EQ(url_with_query("https://h/cb?x&", fields), "https://h/cb?x&code=a+b");
  EXPECT_EQ(url_with_query("https://h", {}), "https://h");
}

TEST(ResolveUrl, FollowsTheStandardsExamples) {
  constexpr const char* kBase = "http://a/b/c/d;p?q";
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"g", "http://a/b/c/g"},
      {"./g", "http://a/b/c/g"},
      {"g/", "http://a/b/c/g/"},
      {"/g", "http://a/g"},
      {"//g", "http://g"},
      {"?y", "http://a/b/c/d;p?y"},
      {"g?y", "http://a/b/c/g?y"},
      {"#s", "http://a/b/c/d;p?q"},
      {"g#s", "http://a/b/c/g"},
      {";x", "http://a/b/c/;x"},
      {"", "http://a/b/c/d;p?q"},
      {".", "http://a/b/c/"},
      {"./", "http://a/b/c/"},
      {"..", "http://a/b/"},
      {"../", "http://a/b/"},
      {"../g", "http://a/b/g"},
      {"../..", "http://a/"},
      {"../../../g", "http://a/g"},
      {"/./g", "http://a/g"},
      {"/../g", "http://a/g"},
      {"g.", "http://a/b/c/g."},
      {"..g", "http://a/b/c/..g"},
      {"./../g", "http://a/b/g"},
      {"g/./h", "http://a/b/c/g/h"},
      {"g/../h", "http://a/b/c/h"},
      {"g?y/../x", "http://a/b/c/g?y/../x"},
      {"https://other:8443/x?a:b", "https://other:8443/x?a:b"},
      {"x?a=http://b", "http://a/b/c/x?a=http://b"},
  };
  for (const auto& [reference, expected] : cases) {
    const auto got = resolve_url(kBase, reference);
    ASSERT_TRUE(got) << reference;
    EXPECT_EQ(*got, expected) << reference;
  }
  EXPECT_EQ(resolve_url("https://h", "x").value(), "https://h/x");
  EXPECT_EQ(resolve_url("http://u:p@h:81/x", "y").value(), "http://h:81/y");
}

TEST(ResolveUrl, RefusesWhatIsNoHttpUrl) {
  for (const char* wrong : {"file:///etc/passwd", "gopher://h/", "javascript:alert(1)", "data:x",
                            "http:///x", "http://h:0/", "//", "a b", "http://h\\@evil/"}) {
    EXPECT_FALSE(resolve_url("https://h/", wrong)) << wrong;
  }
}

}  // namespace
}  // namespace oap::net
