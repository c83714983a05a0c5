#include "gateway/catalog.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "async/runtime.hpp"
#include "async/sleep.hpp"
#include "gateway/testing/quiet_upstream.hpp"

namespace oap::gateway {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

class ListingUpstream final : public testing::QuietUpstream {
 public:
  ListingUpstream(Executor executor, std::string name, std::vector<std::string> tools)
      : tools(std::move(tools)), gate(executor), starting(executor), name_(std::move(name)) {}
  std::string_view name() const override { return name_; }
  Task<Result<std::vector<ToolSpec>>> list_tools(Deadline deadline) override {
    ++asked;
    if (closed && co_await gate.wait(deadline) != async::Event::Wake::kNotified) {
      co_return fail(Code::kDeadlineExceeded, "no answer");
    }
    if (broken) {
      co_return fail(Code::kUnavailable, "exited with code 1");
    }
    co_return testing::plain_specs(name_, tools);
  }

  Task<Result<mcp::PeerInfo>> start(Deadline deadline) override {
    while (!started) {
      if (co_await starting.wait(deadline) != async::Event::Wake::kNotified) {
        co_return fail(Code::kDeadlineExceeded, "still starting");
      }
    }
    co_return mcp::PeerInfo{};
  }

  std::vector<std::string> tools;
  async::Event gate;
  async::Event starting;
  bool started = true;
  bool closed = false;
  bool broken = false;
  int asked = 0;

 private:
  std::string name_;
};

class OneHeldBack final : public ToolGate {
 public:
  std::map<std::string, std::string> held_back(const std::string& /*server*/,
                                               const std::vector<ToolSpec>& tools) override {
    std::map<std::string, std::string> held;
    for (const ToolSpec& tool : tools) {
      if (tool.name == name) {
        held[tool.name] = "changed since it was approved";
      }
    }
    return held;
  }
  std::string name;
};

class CatalogTest : public ::testing::Test {
 protected:
  ListingUpstream& add(std::string name, std::vector<std::string> tools) {
    auto upstream =
        std::make_unique<ListingUpstream>(runtime_.executor(), std::move(name), std::move(tools));
    ListingUpstream& added = *upstream;
    upstreams_.add(std::move(upstream));
    return added;
  }
  Catalog& catalog(CatalogOptions options = {}) {
    if (!catalog_) {
      catalog_ = std::make_unique<Catalog>(runtime_.executor(), upstreams_, builtin_,
                                           std::move(options), &gate_);
      catalog_->on_change([this](ListKind) { ++changes_; });
    }
    return *catalog_;
  }
  ~CatalogTest() override {
    if (catalog_) {
      runtime_.run(catalog_->close());
    }
  }
  std::vector<std::string> names(Millis patience = Millis(5'000)) {
    std::vector<std::string> names;
    for (const ToolSpec& tool : runtime_.run(catalog().all(Deadline::after(patience)))) {
      names.push_back(tool.public_name());
    }
    return names;
  }
  /// Runs the loop until the condition holds; what is loaded is taken in the same turn.
  template <class Condition>
  void run_until(Condition holds) {
    const Deadline deadline = Deadline::after(Millis(5'000));
    while (!holds() && !deadline.passed()) {
      Task<Result<void>> turn = async::sleep_for(Millis(1));
      EXPECT_TRUE(runtime_.run(std::move(turn)));
    }
    EXPECT_TRUE(holds());
  }

  async::Runtime runtime_;
  UpstreamSet upstreams_;
  OneHeldBack gate_;
  std::vector<ToolSpec> builtin_;
  std::unique_ptr<Catalog> catalog_;
  int changes_ = 0;
};

TEST_F(CatalogTest, MergesUnderPublicNamesInOneOrder) {
  add("b", {"two", "one"});
  add("a", {"three"});
  EXPECT_THAT(names(), ElementsAre("a__three", "b__one", "b__two"));
}

TEST_F(CatalogTest, ABrokenServerHidesNobodyAndIsNamed) {
  add("bad", {"x"}).broken = true;
  add("good", {"y"});
  EXPECT_THAT(names(), ElementsAre("good__y"));
  EXPECT_THAT(catalog().unavailable().at("bad"), HasSubstr("exited with code 1"));
}

Task<void> start_after(Millis time, ListingUpstream* upstream) {
  if (co_await async::sleep_for(time)) {
    upstream->started = true;
    upstream->starting.notify();
  }
}

Task<Result<ToolSpec>> find_while_it_starts(Executor executor, Catalog* catalog,
                                            ListingUpstream* upstream) {
  async::Scope scope(executor);
  scope.spawn(start_after(Millis(30), upstream));
  const Deadline patience = Deadline::after(Millis(5'000));
  auto found = co_await catalog->find("slow", "x", patience);
  co_await scope.join();
  co_return found;
}

TEST_F(CatalogTest, ACallWaitsForTheStartLongerThanAListWould) {
  ListingUpstream& slow = add("slow", {"x"});
  slow.started = false;
  add("never", {"y"}).started = false;
  CatalogOptions options;
  options.list_timeout = Millis(10);
  Catalog& cat = catalog(std::move(options));
  const auto found = runtime_.run(find_while_it_starts(runtime_.executor(), &cat, &slow));
  ASSERT_TRUE(found) << found.error().to_string();
  EXPECT_EQ(found->name, "x");
  const auto late = runtime_.run(cat.find("never", "y", Deadline::after(Millis(10))));
  ASSERT_FALSE(late);
  EXPECT_THAT(late.error().message(), HasSubstr("still starting"));
}

TEST_F(CatalogTest, ASlowServerIsLeftOutAndAnnouncedWhenItComes) {
  ListingUpstream& slow = add("slow", {"x"});
  slow.closed = true;
  add("quick", {"y"});
  EXPECT_THAT(names(Millis(20)), ElementsAre("quick__y"));
  EXPECT_TRUE(catalog().unavailable().contains("slow"));
  EXPECT_EQ(changes_, 0);
  slow.gate.notify();
  run_until([&] { return changes_ == 1; });
  EXPECT_EQ(changes_, 1);
  EXPECT_THAT(names(), ElementsAre("quick__y", "slow__x"));
  EXPECT_THAT(catalog().unavailable(), IsEmpty());
}

Task<void> list_into(Catalog* catalog, std::size_t* found) {
  const auto tools = co_await catalog->all(Deadline::after(Millis(5'000)));
  *found += tools.size();
}

Task<void> list_twenty_times(Executor executor, Catalog* catalog, std::size_t* found) {
  async::Scope scope(executor);
  for (int i = 0; i < 20; ++i) {
    scope.spawn(list_into(catalog, found));
  }
  co_await scope.join();
}

TEST_F(CatalogTest, IsAskedOnceHoweverManyWait) {
  ListingUpstream& server = add("s", {"x"});
  std::size_t found = 0;
  runtime_.run(list_twenty_times(runtime_.executor(), &catalog(), &found));
  EXPECT_EQ(found, 20U);
  EXPECT_EQ(server.asked, 1);
}

TEST_F(CatalogTest, AnnouncesRealChangesOnly) {
  ListingUpstream& server = add("s", {"x"});
  EXPECT_THAT(names(), ElementsAre("s__x"));
  server.list_changed(ListKind::kTools);
  run_until([&] { return server.asked == 2; });
  EXPECT_EQ(server.asked, 2);
  EXPECT_EQ(changes_, 0);
  server.tools = {"x", "y"};
  server.list_changed(ListKind::kTools);
  run_until([&] { return changes_ == 1; });
  EXPECT_EQ(changes_, 1);
  EXPECT_THAT(names(), ElementsAre("s__x", "s__y"));
}

TEST_F(CatalogTest, KeepsAListThatCannotBeHadAgain) {
  ListingUpstream& server = add("s", {"x"});
  EXPECT_THAT(names(), ElementsAre("s__x"));
  server.broken = true;
  server.list_changed(ListKind::kTools);
  run_until([&] { return catalog().unavailable().contains("s"); });
  EXPECT_THAT(names(), ElementsAre("s__x"));
  EXPECT_TRUE(catalog().unavailable().contains("s"));
}

TEST_F(CatalogTest, AHeldBackToolIsNeitherListedNorFound) {
  add("s", {"x", "y"});
  gate_.name = "y";
  EXPECT_THAT(names(), ElementsAre("s__x"));
  const auto found = catalog().find_known("s", "y");
  ASSERT_FALSE(found);
  EXPECT_EQ(found.error().code(), Code::kPermissionDenied);
  gate_.name.clear();
  catalog().trust_changed();
  EXPECT_THAT(names(), ElementsAre("s__x", "s__y"));
  EXPECT_EQ(changes_, 1);
}

TEST_F(CatalogTest, WhatIsHeldBackAndWhatIsTrustedAsBeforeIsNotAnnounced) {
  ListingUpstream& server = add("s", {"x"});
  EXPECT_THAT(names(), ElementsAre("s__x"));
  catalog().trust_changed();
  gate_.name = "y";
  server.tools = {"x", "y"};
  server.list_changed(ListKind::kTools);
  run_until([&] { return server.asked == 2; });
  EXPECT_THAT(names(), ElementsAre("s__x"));
  EXPECT_EQ(changes_, 0);
}

TEST_F(CatalogTest, NoToolMayPoseAsAnotherRequest) {
  add("s", {"mcp:resources/read", "x"});
  EXPECT_THAT(names(), ElementsAre("s__x"));
  EXPECT_FALSE(catalog().find_known("s", "mcp:resources/read"));
}

TEST_F(CatalogTest, NoNameMeansARequestThatIsNoTool) {
  add("s", {"x"});
  EXPECT_THAT(names(), ElementsAre("s__x"));
  EXPECT_FALSE(catalog().parse_name("s__mcp:tools/call"));
  EXPECT_FALSE(catalog().parse_name("s__mcp:resources/read"));
}

TEST_F(CatalogTest, PassthroughKeepsNamesAndBothFormsAreFound) {
  add("s", {"x"});
  CatalogOptions options;
  options.passthrough["s"] = true;
  catalog(options);
  EXPECT_THAT(names(), ElementsAre("x"));
  EXPECT_EQ(catalog().parse_name("x")->tool, "x");
  EXPECT_EQ(catalog().parse_name("s__x")->server, "s");
}

TEST_F(CatalogTest, BuiltInToolsThatAreNotOfferedHaveNoNames) {
  add(std::string(kBuiltinServer), {"look"});
  builtin_.resize(1);
  builtin_[0].name = "look";
  CatalogOptions options;
  options.offer_builtin = false;
  catalog(options);
  EXPECT_THAT(names(), IsEmpty());
  EXPECT_FALSE(catalog().parse_name("look"));
  EXPECT_FALSE(catalog().parse_name("sandbox__look"));
  EXPECT_THAT(catalog().parse_name("lok").error().message(), Not(HasSubstr("look")));
}

TEST_F(CatalogTest, BuiltInToolsThatAreOfferedAreFoundByBothForms) {
  add(std::string(kBuiltinServer), {"look"});
  builtin_.resize(1);
  builtin_[0].name = "look";
  EXPECT_EQ(catalog().parse_name("look")->server, kBuiltinServer);
  EXPECT_EQ(catalog().parse_name("sandbox__look")->tool, "look");
}

TEST_F(CatalogTest, ArgumentsAreTheSameAfterTheCheck) {
  add("s", {"x"});
  names();
  json::Object arguments{{"a", json::Array{1, "two"}}};
  const json::Object before = arguments;
  EXPECT_FALSE(catalog().check_arguments(**catalog().find_known("s", "x"), arguments));
  EXPECT_EQ(arguments, before);
}

}  // namespace
}  // namespace oap::gateway
