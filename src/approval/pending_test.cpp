#include "approval/pending.hpp"

#include <filesystem>
#include <map>
#include <numeric>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "approval/question.hpp"
#include "async/cancel.hpp"
#include "async/runtime.hpp"
#include "async/scope.hpp"
#include "async/sleep.hpp"
#include "os/testing/temp_dir.hpp"
#include "store/store.hpp"
#include "text/strings.hpp"

namespace oap::approval {
namespace {

using testing::HasSubstr;

Request question() {
  Request request;
  request.id = "apr_1";
  request.call.id = "call_1";
  request.call.principal.user_id = "me";
  request.call.server = kBuiltinServer;
  request.call.tool = "bash";
  request.rule = "p.yaml:3";
  request.reason = "commands ask";
  return request;
}

class PendingTest : public testing::Test {
 protected:
  void SetUp() override {
    auto store = store::Store::open(dir_ / "oap.db");
    ASSERT_TRUE(store) << store.error().to_string();
    store_ = std::move(*store);
  }
  PendingApprover approver(Millis wait) {
    return PendingApprover(store_->approvals(), system_clock(), wait, [](const Request& request) {
      return json::Object{{"rule", request.rule}};
    });
  }
  /// Answers as somebody else would, once the question is there.
  Task<Result<void>> answer(bool approved) {
    auto& list = store_->approvals();
    const Deadline deadline = Deadline::after(Millis(10'000));
    while (!deadline.passed()) {
      const auto decided =
          list.decide("apr_1", {approved, "ann", "as asked", system_clock().wall()});
      if (decided) {
        co_return Result<void>{};
      }
      OAP_CO_CHECK_OK(co_await async::sleep_for(Millis(5)));
    }
    co_return fail(Code::kDeadlineExceeded, "no question came");
  }

  os::testing::TempDir dir_;
  std::unique_ptr<store::Store> store_;
  async::Runtime runtime_;
};

Task<Result<Answer>> ask_while(PendingApprover& approver, Executor executor,
                               Task<Result<void>> other) {
  async::Scope scope(executor);
  scope.spawn([](Task<Result<void>> work) -> Task<void> {
    const auto done = co_await std::move(work);
    EXPECT_TRUE(done.has_value());
  }(std::move(other)));
  Request request = question();
  auto answer = co_await approver.ask(std::move(request));
  co_await scope.join();
  co_return answer;
}

TEST_F(PendingTest, AnAnswerFromAnotherProcessArrives) {
  for (const bool approved : {true, false}) {
    SetUp();
    PendingApprover waiting = approver(Millis(60'000));
    Task<Result<void>> other = answer(approved);
    const auto answered = runtime_.run(ask_while(waiting, runtime_.executor(), std::move(other)));
    ASSERT_TRUE(answered) << answered.error().to_string();
    EXPECT_EQ(answered->approved, approved);
    EXPECT_FALSE(answered->nobody);
    EXPECT_EQ(answered->approver, "pending list: ann");
    EXPECT_EQ(answered->comment, "as asked");
    store_.reset();
    std::filesystem::remove(dir_ / "oap.db");
  }
}

TEST_F(PendingTest, TimeUpIsNobody) {
  PendingApprover waiting = approver(Millis(1));
  const auto answered = runtime_.run(waiting.ask(question()));
  ASSERT_TRUE(answered);
  EXPECT_FALSE(answered->approved);
  EXPECT_TRUE(answered->nobody);
  EXPECT_EQ(store_->approvals().find("apr_1")->state, store::ApprovalState::kExpired);
}

TEST_F(PendingTest, ACancelledCallTakesItsQuestionBack) {
  PendingApprover waiting = approver(Millis(60'000));
  async::CancelSource cancel;
  cancel.request();
  Task<Result<Answer>> asking = waiting.ask(question());
  const auto answered = runtime_.run(async::cancellable(cancel.token(), std::move(asking)));
  EXPECT_EQ(answered.error().code(), Code::kCancelled);
  const auto record = store_->approvals().find("apr_1");
  EXPECT_TRUE(!record || record->state == store::ApprovalState::kWithdrawn);
}

TEST(Question, ShowsAllAndHidesNothing) {
  Request request = question();
  request.commands = {"git commit -m 'a b'", "echo \u202Egnp"};
  request.call.arguments = {{"command", "git commit"}, {"cwd", "x\x1b[2J"}};
  request.cwd = "/w";
  request.diff = "@@ line 1\n-a\n+b\x1b\n";
  request.always = {"{\"pattern\":\"git commit\"}"};
  request.expires = WallTime(std::chrono::seconds(0));
  const std::string text = question_text(request);
  for (const char* part : {"$ git commit -m 'a b'", "\\u{202e}gnp", "x\\u{1b}[2J", "in: /w",
                           "+b\\u{1b}", "-a", "why asked: commands ask (rule: p.yaml:3)",
                           "until: 1970-01-01T00:00:00Z", "always would write: {\"pattern\""}) {
    EXPECT_THAT(text, HasSubstr(part));
  }
  EXPECT_EQ(text.find('\x1b'), std::string::npos);
}

TEST(LineDiff, ShowsWhatChanges) {
  EXPECT_EQ(line_diff("a\nb\nc\n", "a\nx\nc\n"), "@@ line 1\n a\n-b\n+x\n c\n");
  EXPECT_EQ(line_diff("", "a\nb\n"), "@@ line 1\n+a\n+b\n");
  EXPECT_EQ(line_diff("a\n", ""), "@@ line 1\n-a\n");
  EXPECT_EQ(line_diff("a\n", "a\n"), "");
  std::string before;
  for (int i = 0; i < 100; ++i) {
    before += std::to_string(i) + "\n";
  }
  std::string after = before;
  after.replace(after.find("50\n"), 3, "five\n");
  EXPECT_EQ(line_diff(before, after), "@@ line 48\n 47\n 48\n 49\n-50\n+five\n 51\n 52\n 53\n");
  const std::string large(100'000, '\n');
  EXPECT_LT(line_diff(large, "x\n" + large + "y\n").size(), 50U);
  EXPECT_EQ(text::split_lines(line_diff("", before + before + before)).size(), 301U);
}

RC_GTEST_PROP(LineDiff, HoldsTheWholeOfBothTextsWhereTheyChange, ()) {
  const auto line = rc::gen::element<std::string>("a\n", "b\n", "c\n");
  const auto joined = [](const std::vector<std::string>& lines) {
    return std::accumulate(lines.begin(), lines.end(), std::string());
  };
  const auto before = *rc::gen::container<std::vector<std::string>>(line);
  auto after = *rc::gen::container<std::vector<std::string>>(line);
  const std::string diff = line_diff(joined(before), joined(after));
  std::map<char, int> marks;
  for (const std::string_view row : text::split_lines(diff)) {
    ++marks[row.front()];
  }
  RC_ASSERT(marks['+'] - marks['-'] ==
            static_cast<int>(after.size()) - static_cast<int>(before.size()));
  RC_ASSERT(diff.empty() == (joined(before) == joined(after)));
}

TEST(Question, ShowsLongArgumentsToTheirEnd) {
  Request request = question();
  request.call.tool = "python";
  request.call.arguments = {{"code", std::string(20'000, 'x') + "\nshutil.rmtree('important')"}};
  request.diff = line_diff("", std::string(100'000, 'y') + "\nlast\n");
  const std::string text = question_text(request);
  EXPECT_THAT(text, HasSubstr("shutil.rmtree('important')"));
  EXPECT_THAT(text, HasSubstr("+last"));
}

}  // namespace
}  // namespace oap::approval
