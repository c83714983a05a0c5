#include "config/size.hpp"

#include <array>
#include <utility>

#include <gtest/gtest.h>

namespace oap::config {
namespace {

TEST(Size, Bytes) {
  constexpr std::array<std::pair<const char*, std::uint64_t>, 20> kSizes{{
      {"1", 1},
      {"4096", 4096},
      {"512B", 512},
      {"1k", 1000},
      {"1K", 1000},
      {"1kB", 1000},
      {"1Ki", 1024},
      {"1KiB", 1024},
      {"512MB", 512'000'000},
      {"512mb", 512'000'000},
      {"512MiB", 536'870'912},
      {"512 MB", 512'000'000},
      {"  1GB ", 1'000'000'000},
      {"1GiB", 1'073'741'824},
      {"1G", 1'000'000'000},
      {"1.5GB", 1'500'000'000},
      {"0.5KiB", 512},
      {"2TB", 2'000'000'000'000},
      {"1PiB", 1'125'899'906'842'624},
      {"007", 7},
  }};
  for (const auto& [text, bytes] : kSizes) {
    EXPECT_EQ(parse_size(text), bytes) << text;
  }
}

TEST(Size, NoSizes) {
  for (const char* const text : {"",        " ",
                                 "MB",      "-1",
                                 "+1MB",    "0",
                                 "0MB",     "0.1",
                                 ".5MB",    "1.2.3",
                                 "1e9",     "1XB",
                                 "1MBB",    "1MiBx",
                                 "1 M B",   "1,5GB",
                                 "nan",     "inf",
                                 "0x10",    "1bi",
                                 "1e",      "99999999999999999999",
                                 "10000PB", "1\xc2\xa0GB"}) {
    EXPECT_EQ(parse_size(text), std::nullopt) << text;
  }
}

}  // namespace
}  // namespace oap::config
