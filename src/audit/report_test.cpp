#include "audit/report.hpp"

#include <gmock/gmock.h>

#include "audit/export.hpp"
#include "audit/log_fixture.hpp"
#include "audit/tail.hpp"

namespace oap::audit {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr std::string_view kHostile = "<script>alert(1)</script>|`x`\n\"'&";

class ReportTest : public LogFixture {
 protected:
  void add(Log& log, const std::string& user, const std::string& tool, bool success,
           const std::string& decision = "allow", double risk = 0) {
    Event intent = event(tool);
    intent.event_type = "permission_check";
    intent.user_id = user;
    intent.permission_decision = decision;
    intent.risk_score = risk;
    intent.reason = std::string(kHostile);
    ASSERT_TRUE(log.append(intent, Durability::kWritten));
    if (decision != "deny") {
      Event result = event(tool);
      result.user_id = user;
      result.success = success;
      result.execution_time_ms = 5;
      ASSERT_TRUE(log.append(result, Durability::kWritten));
    }
  }
  void write() {
    const auto log = open();
    add(*log, "ann", "bash", true);
    add(*log, "ann", "bash", false);
    add(*log, "ann", "read_file", true);
    add(*log, "bob", "bash", true, "allow", 0.9);
    add(*log, std::string(kHostile), std::string(kHostile), true, "deny");
  }
};

TEST_F(ReportTest, CountsWhatHappened) {
  write();
  const auto made = make_report(dir(), {});
  ASSERT_TRUE(made);
  const json::Object json = to_json(*made);
  const json::Value& summary = json.at("summary");
  EXPECT_EQ(json::get_int(summary, "total_events"), 9);
  EXPECT_EQ(json::get_int(summary, "unique_users"), 3);
  EXPECT_EQ(json::get_int(summary, "unique_tools"), 3);
  EXPECT_EQ(json::get_int(summary, "high_risk_events"), 1);
  const json::Value& bash = json.at("tool_usage").at("bash");
  EXPECT_EQ(json::get_int(bash, "count"), 3);
  EXPECT_DOUBLE_EQ(json::get_double(bash, "success_rate"), 2.0 / 3.0);
  EXPECT_TRUE(json.at("tool_usage").as_object().at(kHostile).at("success_rate").is_null());
  const json::Value& ann = json.at("user_activity").at("ann");
  EXPECT_EQ(json::get_int(ann, "events"), 6);
  EXPECT_EQ(ann.at("tools").as_array().size(), 2U);
  EXPECT_EQ(json.at("security_incidents").as_array().size(), 2U);
  EXPECT_EQ(json::get_int(json.at("permission_decisions"), "allow"), 4);
  EXPECT_EQ(json::get_int(json.at("permission_decisions"), "deny"), 1);
}

TEST_F(ReportTest, NamesTheLinesThatAreNoRecord) {
  fill(30);
  std::string bytes = read(segment_path());
  for (const char* tool : {"tool4", "tool17"}) {
    bytes[bytes.find(fmt::format("\"{}\"", tool)) + 1] = 'T';
  }
  overwrite(segment_path(), bytes);
  const Report made = make_report(dir(), {}).value();
  EXPECT_EQ(made.malformed.count, 2U);
  ASSERT_EQ(made.malformed.places.size(), 2U);
  EXPECT_THAT(made.malformed.places[0], HasSubstr("00000000000000000001.jsonl:5: "));
  EXPECT_THAT(made.malformed.places[1], HasSubstr("00000000000000000001.jsonl:18: "));
  EXPECT_EQ(to_json(made).at("malformed_places").as_array().size(), 2U);
  const auto shown = tail(dir(), 30).value();
  EXPECT_EQ(place_of(shown[4]), made.malformed.places[0]);
  EXPECT_EQ(place_of(shown[17]), made.malformed.places[1]);
  const Found found = audit::search(dir(), {}, 30).value();
  EXPECT_EQ(place_of(found.records[4]), made.malformed.places[0]);
  EXPECT_EQ(place_of(found.records[17]), made.malformed.places[1]);
}

TEST_F(ReportTest, PagesHoldNoMarkupThatARecordBroughtIn) {
  write();
  const Report made = make_report(dir(), {}).value();
  const std::string page = to_html(made);
  EXPECT_THAT(page, HasSubstr("<svg"));
  EXPECT_THAT(page, HasSubstr("66.7 %"));
  EXPECT_THAT(page, HasSubstr("&lt;script&gt;alert(1)"));
  EXPECT_THAT(page, Not(HasSubstr("<script")));
  const std::string markdown = to_markdown(made);
  EXPECT_THAT(markdown, HasSubstr("| bash | 3 |"));
  EXPECT_THAT(markdown, Not(HasSubstr("<script")));
  EXPECT_THAT(markdown, Not(HasSubstr("`x`")));
}

TEST_F(ReportTest, AnEmptyPeriodIsAReportToo) {
  const Report made = make_report(dir(), {}).value();
  EXPECT_EQ(made.total_events, 0U);
  EXPECT_THAT(to_html(made), HasSubstr("</html>"));
  EXPECT_THAT(to_markdown(made), HasSubstr("# Audit report"));
}

json::Object record() {
  return {{"event_id", "evt_1"},
          {"event_type", "tool_execution"},
          {"hash", "abc"},
          {"permission_decision", "deny"},
          {"reason", "a=b|c\\d\ne"},
          {"risk_score", 0.9},
          {"role", "user"},
          {"seq", 7},
          {"server", "fs"},
          {"session_id", "ses_1"},
          {"success", false},
          {"tenant", "default"},
          {"timestamp", "2026-11-26T10:00:00.250Z"},
          {"tool", "read|x"},
          {"user_id", "ann"}};
}

TEST(ExportTest, OcsfIsAnApiActivity) {
  const json::Object event = to_ocsf(record(), "1.0");
  EXPECT_EQ(event.at("class_uid"), 6'003);
  EXPECT_EQ(event.at("category_uid"), 6);
  EXPECT_EQ(event.at("type_uid"), 600'399);
  EXPECT_EQ(event.at("activity_id"), 99);
  EXPECT_EQ(event.at("time"), 1'795'687'200'250);
  EXPECT_EQ(event.at("status_id"), 2);
  EXPECT_EQ(event.at("action_id"), 2);
  EXPECT_EQ(event.at("severity_id"), 4);
  EXPECT_EQ(event.at("metadata").at("uid"), "evt_1");
  EXPECT_EQ(event.at("actor").at("user").at("name"), "ann");
  EXPECT_EQ(event.at("unmapped").at("tool"), "read|x");
}

TEST(ExportTest, CefEscapesWhatWouldEndAField) {
  const std::string line = to_cef(record(), "1|0");
  EXPECT_THAT(line,
              HasSubstr(R"(CEF:0|OpenCode|oap|1\|0|tool_execution|tool_execution fs__read\|x|9|)"));
  EXPECT_THAT(line, HasSubstr(R"(msg=a\=b|c\\d\ne)"));
  EXPECT_THAT(line, HasSubstr("rt=1795687200250 externalId=evt_1 suser=ann"));
  EXPECT_THAT(line, HasSubstr("outcome=failure"));
  EXPECT_EQ(line.find('\n'), std::string::npos);
}

// A terminal that shows the export must not obey what an attacker put into a name.
TEST(ExportTest, CefHoldsNoControlCharacters) {
  json::Object hostile = record();
  hostile["tool"] = "re\x1b[2Jad\x7f|\t\x00x";
  hostile["resource"] =
      "a\x1b]0;title\x07"
      "b\xc2\x9b"
      "31m\xe2\x80\xae"
      "c\xe2\x80\xa8"
      "d=\\";
  hostile["reason"] = "one\r\ntwo\x01";
  hostile["session_id"] = "\x1b[31m";
  const std::string line = to_cef(hostile,
                                  "1\x1b"
                                  "0");
  for (const char c : line) {
    EXPECT_TRUE(static_cast<unsigned char>(c) >= 0x20 && c != '\x7F') << line;
  }
  EXPECT_EQ(line.find("\xc2\x9b"), std::string::npos);
  EXPECT_EQ(line.find("\xe2\x80"), std::string::npos);
  EXPECT_THAT(line, HasSubstr(R"(request=a\\x1b]0;title\\x07b\\xc2\\x9b31m)"));
  EXPECT_THAT(line, HasSubstr(R"(d\=\\ msg=)"));
  EXPECT_THAT(line, HasSubstr(R"(msg=one\r\ntwo\\x01)"));
  EXPECT_THAT(line, HasSubstr(R"(re\\x1b[2Jad\\x7f\| )"));
}

}  // namespace
}  // namespace oap::audit
