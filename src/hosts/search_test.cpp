#include "hosts/search.hpp"

#include <gtest/gtest.h>

namespace oap::hosts {
namespace {

const std::vector<std::string> kHidden = {"secret/**", "**/.env*", "*.pem", "/w/private/**",
                                          "/etc/ssl/**"};

TEST(SearchTest, OneGlobLeavesOutAll) {
  EXPECT_EQ(negated_glob(kHidden, "/w", {"/w"}),
            "!{**/*.pem,**/.env*,**/etc/ssl/**,**/private/**,**/secret/**,**/w/private/**}");
  EXPECT_EQ(negated_glob({"a/b/key", "src/*/k", "a/**/z"}, "/w", {"/w/a/b", "/w/src/x"}),
            "!{**/a/**/z,**/a/b/key,**/k,**/key,**/src/*/k,**/z}");
  EXPECT_EQ(negated_glob({"secret/*"}, "/w", {"/w"}), "!{**/secret/*}");
  EXPECT_EQ(negated_glob({"secret/*"}, "/w", {"/w/secret"}), "!{**/*,**/secret/*}");
  EXPECT_EQ(negated_glob({}, "/w", {"/w"}), std::nullopt);
}

TEST(SearchTest, WhatCannotBePutThereIsNothing) {
  for (const std::string pattern : {"{a,b}", "a,b", "[[:digit:]]x", "", "a\nb"}) {
    EXPECT_EQ(negated_glob({pattern}, "/w", {"/w"}), std::nullopt) << pattern;
  }
  EXPECT_EQ(negated_glob({"secret/**"}, "/w", {"/w/secret"}), std::nullopt);
  EXPECT_EQ(negated_glob({"secret/x"}, "/w", {"/w/secret/x"}), std::nullopt);
}

std::string kept(std::string_view output) {
  const auto out = without_hidden(output, "/w", "/w/sub", kHidden);
  return out ? *out : out.error().to_string();
}

TEST(SearchTest, PathsALine) {
  EXPECT_EQ(kept("/w/a.c\n/w/secret/key\n/w/sub/.env.local\n/w/x.pem\n/w/private/a/b\n/w/b.c\n"
                 "\n(Results are truncated.)"),
            "/w/a.c\n/w/b.c\n\n(Results are truncated.)");
  EXPECT_EQ(kept("No files found"), "No files found");
  EXPECT_EQ(kept("a.c\n.env\ndeep/x.pem\n../secret/key\n../b.c"), "a.c\n../b.c");
  EXPECT_EQ(kept("/etc/ssl/x\n/etc/hosts"), "/etc/hosts");
  EXPECT_EQ(kept("/w/secret/key"), "");
}

TEST(SearchTest, ATree) {
  EXPECT_EQ(kept("/w/\n  src/\n    a.c\n    .env\n  secret/\n    key\n    deep/\n      x\n  b.c\n"),
            "/w/\n  src/\n    a.c\n  b.c\n");
  EXPECT_EQ(kept("/w/secret/\n  key\n  sub/\n    k2"), "");
}

TEST(SearchTest, AGlobThatIsNoneIsAnError) {
  EXPECT_FALSE(without_hidden("/w/a", "/w", "/w", {"[bad"}));
}

}  // namespace
}  // namespace oap::hosts
