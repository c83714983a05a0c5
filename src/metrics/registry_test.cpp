#include "metrics/registry.hpp"

#include <cmath>
#include <limits>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "metrics/escape.hpp"

namespace oap::metrics {
namespace {

using testing::HasSubstr;
using testing::Not;

TEST(MetricsTest, BothFormatsAreAsTheirRulesSay) {
  Registry registry;
  const auto calls =
      registry.counter("opencode_calls_total", "Calls, a \\ and\na \"quote\".", {"server", "tool"});
  calls.with({"files", "read"}).add();
  calls.with({"files", "read"}).add(2.5);
  calls.with({"a\"b\\c\nd", ""}).add();
  registry.gauge("opencode_up", "Whether it runs.").get().set(-1);
  const auto times =
      registry.histogram("opencode_seconds", "Times.", {"path"}, {0.25, 1, 10}).with({"x"});
  for (const double value : {0.25, 0.5, 1.0, 1.5, 100.0}) {
    times.observe(value);
  }
  EXPECT_EQ(registry.scrape(Format::kText),
            "# HELP opencode_calls_total Calls, a \\\\ and\\na \"quote\".\n"
            "# TYPE opencode_calls_total counter\n"
            "opencode_calls_total{server=\"a\\\"b\\\\c\\nd\",tool=\"\"} 1\n"
            "opencode_calls_total{server=\"files\",tool=\"read\"} 3.5\n"
            "# HELP opencode_seconds Times.\n"
            "# TYPE opencode_seconds histogram\n"
            "opencode_seconds_bucket{path=\"x\",le=\"0.25\"} 1\n"
            "opencode_seconds_bucket{path=\"x\",le=\"1\"} 3\n"
            "opencode_seconds_bucket{path=\"x\",le=\"10\"} 4\n"
            "opencode_seconds_bucket{path=\"x\",le=\"+Inf\"} 5\n"
            "opencode_seconds_sum{path=\"x\"} 103.25\n"
            "opencode_seconds_count{path=\"x\"} 5\n"
            "# HELP opencode_up Whether it runs.\n"
            "# TYPE opencode_up gauge\n"
            "opencode_up -1\n");
  const std::string open = registry.scrape(Format::kOpenMetrics);
  EXPECT_THAT(open, HasSubstr("# HELP opencode_calls Calls, a \\\\ and\\na \\\"quote\\\".\n"
                              "# TYPE opencode_calls counter\n"
                              "opencode_calls_total{server="));
  EXPECT_THAT(open, HasSubstr("le=\"1.0\"} 3\n"));
  EXPECT_THAT(open, HasSubstr("le=\"10.0\"} 4\n"));
  EXPECT_TRUE(open.ends_with("opencode_up -1\n# EOF\n"));
  EXPECT_EQ(times.count(), 5U);
  EXPECT_EQ(times.sum(), 103.25);
}

TEST(MetricsTest, NumbersAreSpeltAsTheFormatWantsThem) {
  const auto spelt = [](double value) {
    std::string out;
    append_number(out, value);
    return out;
  };
  EXPECT_EQ(spelt(0), "0");
  EXPECT_EQ(spelt(0.1), "0.1");
  EXPECT_EQ(spelt(1e300), "1e+300");
  EXPECT_EQ(spelt(9'007'199'254'740'992), "9007199254740992");
  EXPECT_EQ(spelt(std::numeric_limits<double>::quiet_NaN()), "NaN");
  EXPECT_EQ(spelt(std::numeric_limits<double>::infinity()), "+Inf");
  EXPECT_EQ(spelt(-std::numeric_limits<double>::infinity()), "-Inf");
}

TEST(MetricsTest, TheOrderDoesNotDependOnTheOrderOfCalls) {
  std::string seen;
  for (const bool forward : {true, false}) {
    Registry registry;
    for (int i = 0; i < 20; ++i) {
      const int n = forward ? i : 19 - i;
      const auto family =
          registry.gauge("opencode_g" + std::to_string(n % 4), "A gauge.", {"label"});
      family.with({std::to_string(n)}).set(n);
    }
    const std::string text = registry.scrape(Format::kText);
    EXPECT_TRUE(seen.empty() || seen == text);
    seen = text;
  }
}

TEST(MetricsTest, BeyondTheLimitSeriesAreCountedAsOther) {
  Registry registry(3);
  const auto family = registry.counter("opencode_x_total", "X.", {"a", "b"});
  const auto unlimited = registry.counter("opencode_y_total", "Y.", {"a"});
  for (int i = 0; i < 10; ++i) {
    family.with({std::to_string(i), "b"}).add();
  }
  family.with({"1", "b"}).add();
  unlimited.with({"0"}).add();
  const std::string text = registry.scrape(Format::kText);
  EXPECT_THAT(text, HasSubstr("opencode_x_total{a=\"1\",b=\"b\"} 2\n"));
  EXPECT_THAT(text, HasSubstr("opencode_x_total{a=\"other\",b=\"other\"} 7\n"));
  EXPECT_THAT(text, Not(HasSubstr("a=\"3\"")));
  EXPECT_THAT(text,
              HasSubstr("opencode_metrics_dropped_series_total{metric=\"opencode_x_total\"} 7\n"));
  EXPECT_THAT(text, Not(HasSubstr("metric=\"opencode_y_total\"")));
}

TEST(MetricsTest, ValuesAreCutAndMadeValid) {
  EXPECT_EQ(clean_value("a\xff\xc3\xa9\xc3", 128), "a\xef\xbf\xbd\xc3\xa9\xef\xbf\xbd");
  EXPECT_EQ(clean_value("\xed\xa0\x80", 128), "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd");
  EXPECT_EQ(clean_value("\xf0\x9f\x98\x80", 4), "\xf0\x9f\x98\x80");
  EXPECT_EQ(clean_value("ab\xf0\x9f\x98\x80", 5), "ab");
  Registry registry;
  const auto family = registry.counter("opencode_x_total", "X.", {"a"});
  family.with({std::string(1'000, 'x')}).add();
  family.with({std::string(2'000, 'x')}).add();
  family.with({"\xff"}).add();
  family.with({"\xfe"}).add();
  const std::string text = registry.scrape(Format::kText);
  EXPECT_THAT(text, HasSubstr("{a=\"" + std::string(128, 'x') + "\"} 2\n"));
  EXPECT_THAT(text, HasSubstr("{a=\"\xef\xbf\xbd\"} 2\n"));
}

TEST(MetricsTest, TheSameMetricAskedForAgainIsTheSame) {
  Registry registry;
  registry.counter("opencode_x_total", "X.", {"a"}).with({"1"}).add();
  registry.counter("opencode_x_total", "X.", {"a"}).with({"1"}).add();
  EXPECT_EQ(registry.counter("opencode_x_total", "X.", {"a"}).with({"1"}).value(), 2);
}

TEST(MetricsTest, DefectsAreNotShownAndHarmNothing) {
  Registry registry;
  registry.counter("opencode_x_total", "X.", {"a"}).with({"1"}).add();
  registry.gauge("opencode_x_total", "X.").get().set(7);
  registry.counter("opencode_x_total", "X.", {"b"}).with({"7"}).add();
  registry.counter("opencode_bad", "No _total.").get().add();
  registry.gauge("opencode_bad_total", "A gauge.").get().set(1);
  registry.gauge("opencode-bad", "A dash.").get().set(1);
  registry.gauge("1bad", "A digit.").get().set(1);
  registry.gauge("", "Nothing.").get().set(1);
  registry.gauge("bad", "Twice.", {"a", "a"}).with({"1", "2"}).set(1);
  registry.gauge("bad", "Reserved.", {"__a"}).with({"1"}).set(1);
  registry.histogram("bad", "le.", {"le"}).with({"1"}).observe(1);
  registry.histogram("bad", "No bounds.", {}, {}).get().observe(1);
  registry.histogram("bad", "Falling bounds.", {}, {2, 1}).get().observe(1);
  registry.histogram("bad", "Endless bounds.", {}, {1, std::numeric_limits<double>::infinity()})
      .get()
      .observe(1);
  registry.counter("opencode_y_total", "Y.", {"a"}).with({"1", "2"}).add();
  Counter().add();
  Gauge().set(1);
  Histogram().observe(1);
  Family<Counter>().with({"a"}).add();
  const std::string text = registry.scrape(Format::kText);
  EXPECT_EQ(text,
            "# HELP opencode_x_total X.\n# TYPE opencode_x_total counter\n"
            "opencode_x_total{a=\"1\"} 1\n");
}

TEST(MetricsTest, CountersNeverFallAndHistogramsTakeNoNan) {
  Registry registry;
  const Counter counter = registry.counter("opencode_x_total", "X.").get();
  counter.add(-3);
  counter.add(std::numeric_limits<double>::quiet_NaN());
  EXPECT_EQ(counter.value(), 0);
  const Histogram histogram = registry.histogram("opencode_h", "H.", {}, {1}).get();
  histogram.observe(std::numeric_limits<double>::quiet_NaN());
  EXPECT_EQ(histogram.count(), 0U);
}

TEST(MetricsTest, GaugesCanBeSetAtTheScrapeAsLongAsSomebodyHoldsTheRefresh) {
  Registry registry;
  const Gauge gauge = registry.gauge("opencode_g", "G.").get();
  auto refresh = registry.on_scrape([&gauge] { gauge.add(1); });
  (void)registry.scrape(Format::kText);
  EXPECT_THAT(registry.scrape(Format::kText), HasSubstr("opencode_g 2\n"));
  refresh.reset();
  EXPECT_THAT(registry.scrape(Format::kText), HasSubstr("opencode_g 2\n"));
}

TEST(MetricsTest, TheAcceptHeaderChoosesTheFormat) {
  EXPECT_EQ(format_for(""), Format::kText);
  EXPECT_EQ(format_for("*/*"), Format::kText);
  EXPECT_EQ(format_for("application/openmetrics-text;version=1.0.0,text/plain;q=0.5"),
            Format::kOpenMetrics);
  EXPECT_THAT(std::string(content_type(Format::kText)), HasSubstr("version=0.0.4"));
  EXPECT_THAT(std::string(content_type(Format::kOpenMetrics)), HasSubstr("openmetrics-text"));
}

TEST(MetricsTest, ThreadsCountTogetherWhileItIsScraped) {
  Registry registry;
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&registry, t] {
      const auto family = registry.counter("opencode_x_total", "X.", {"a"});
      const auto times = registry.histogram("opencode_h", "H.", {}, {1, 2});
      for (int i = 0; i < 2'000; ++i) {
        family.with({std::to_string(i % 7)}).add();
        times.get().observe(i % 3);
        if (i % 500 == t) {
          EXPECT_FALSE(registry.scrape(Format::kText).empty());
        }
      }
    });
  }
  for (std::thread& thread : threads) {
    thread.join();
  }
  double sum = 0;
  for (int i = 0; i < 7; ++i) {
    sum += registry.counter("opencode_x_total", "X.", {"a"}).with({std::to_string(i)}).value();
  }
  EXPECT_EQ(sum, 8'000);
  EXPECT_EQ(registry.histogram("opencode_h", "H.", {}, {1, 2}).get().count(), 8'000U);
}

}  // namespace
}  // namespace oap::metrics
