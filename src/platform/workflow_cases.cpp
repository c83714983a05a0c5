#include "platform/workflow_cases.hpp"

#include <algorithm>
#include <set>

#include "text/nearest.hpp"
#include "text/strings.hpp"
#include "yaml/yaml.hpp"

namespace oap::platform {
namespace {

std::string member(const std::string& pointer, std::string_view key) {
  return pointer + "/" + text::replace_all(text::replace_all(key, "~", "~0"), "/", "~1");
}

class Reader {
 public:
  explicit Reader(const yaml::Document& document) : document_(document) {}

  WorkflowTestFile read() {
    WorkflowTestFile out;
    if (!is_object(document_.value, "")) {
      return out;
    }
    const json::Object& root = document_.value.get_object();
    keys(root, "", {"workflow", "cases"});
    out.workflow = text(root, "", "workflow");
    const json::Array* const cases = json::find_array(root, "cases");
    if (cases == nullptr || cases->empty()) {
      problem("", "a test file has a list 'cases'");
      return out;
    }
    std::set<std::string> names;
    for (std::size_t i = 0; i < cases->size(); ++i) {
      const std::string at = fmt::format("/cases/{}", i);
      if (is_object((*cases)[i], at)) {
        out.cases.push_back(one((*cases)[i].get_object(), at, i));
        if (!names.insert(out.cases.back().name).second) {
          problem(at, fmt::format("there are two cases '{}'", out.cases.back().name));
        }
      }
    }
    return out;
  }

  const std::vector<std::string>& problems() const { return problems_; }

 private:
  void problem(const std::string& pointer, std::string_view what) {
    problems_.push_back(fmt::format("{}: {}", document_.where(pointer), what));
  }

  bool is_object(const json::Value& value, const std::string& at) {
    if (!value.is_object()) {
      problem(at, "NAME: VALUE pairs are expected here");
    }
    return value.is_object();
  }

  void keys(const json::Object& object, const std::string& at,
            const std::vector<std::string>& known) {
    for (const auto& pair : object) {
      if (std::find(known.begin(), known.end(), pair.key()) == known.end()) {
        problem(member(at, pair.key()),
                fmt::format("'{}' is no key here{}; known are {}", std::string_view(pair.key()),
                            text::did_you_mean(pair.key(), known), text::join(known, ", ")));
      }
    }
  }

  std::string text(const json::Object& object, const std::string& at, std::string_view key) {
    const json::Value* const value = json::find(object, key);
    if (value != nullptr && !value->is_string()) {
      problem(member(at, key), fmt::format("'{}' is a text", key));
    }
    return std::string(json::get_string(object, key));
  }

  std::vector<std::string> texts(const json::Object& object, const std::string& at,
                                 std::string_view key) {
    std::vector<std::string> out;
    const json::Value* const value = json::find(object, key);
    if (value == nullptr) {
      return out;
    }
    if (!value->is_array()) {
      problem(member(at, key), fmt::format("'{}' is a list of texts", key));
      return out;
    }
    for (const json::Value& item : value->get_array()) {
      if (item.is_string()) {
        out.emplace_back(json::view(item.get_string()));
      } else {
        problem(member(at, key), fmt::format("'{}' is a list of texts", key));
      }
    }
    return out;
  }

  /// The members of an object member, none where it is absent.
  json::Object members(const json::Object& object, const std::string& at, std::string_view key) {
    const json::Value* const value = json::find(object, key);
    return value != nullptr && is_object(*value, member(at, key)) ? value->get_object()
                                                                  : json::Object();
  }

  WorkflowTestCase one(const json::Object& object, const std::string& at, std::size_t number) {
    WorkflowTestCase out;
    keys(object, at,
         {"name", "inputs", "secrets", "stubs", "tools", "approvals", "expires", "signals",
          "expect"});
    out.name = text(object, at, "name");
    if (out.name.empty()) {
      out.name = fmt::format("case {}", number + 1);
    }
    out.where = document_.where(at);
    out.inputs = members(object, at, "inputs");
    for (const auto& pair : members(object, at, "secrets")) {
      if (pair.value().is_string()) {
        out.secrets[std::string(pair.key())] = json::view(pair.value().get_string());
      }
    }
    for (const auto& pair : members(object, at, "stubs")) {
      out.stubs[std::string(pair.key())] =
          sequence(pair.value(), member(member(at, "stubs"), pair.key()));
    }
    for (const auto& pair : members(object, at, "tools")) {
      out.tools[std::string(pair.key())] =
          sequence(pair.value(), member(member(at, "tools"), pair.key()));
    }
    for (const auto& pair : members(object, at, "approvals")) {
      out.approvals[std::string(pair.key())] =
          votes(pair.value(), member(member(at, "approvals"), pair.key()));
    }
    out.expires = texts(object, at, "expires");
    for (const auto& pair : members(object, at, "signals")) {
      out.signals.emplace_back(pair.key(), pair.value());
    }
    expectations(members(object, at, "expect"), member(at, "expect"), out);
    return out;
  }

  Stub stub(const json::Value& value, const std::string& at) {
    Stub out;
    if (!is_object(value, at)) {
      return out;
    }
    const json::Object& object = value.get_object();
    keys(object, at, {"output", "error", "code", "retryable", "tokens", "cost_usd"});
    if (const json::Value* const output = json::find(object, "output")) {
      out.output = *output;
    }
    out.error = text(object, at, "error");
    if (object.contains("code")) {
      out.code = text(object, at, "code");
      out.error = out.error.empty() ? out.code : out.error;
    }
    if (object.contains("retryable")) {
      out.retryable = json::get_bool(object, "retryable");
    }
    out.tokens = json::get_int(object, "tokens");
    out.cost_usd = json::get_double(object, "cost_usd");
    return out;
  }

  StubSequence sequence(const json::Value& value, const std::string& at) {
    StubSequence out;
    const json::Value* const list = json::find(value, "sequence");
    const json::Value& given = list != nullptr ? *list : value;
    if (!given.is_array()) {
      out.push_back(stub(given, at));
      return out;
    }
    for (std::size_t i = 0; i < given.get_array().size(); ++i) {
      out.push_back(stub(given.get_array()[i], fmt::format("{}/{}", at, i)));
    }
    if (out.empty()) {
      problem(at, "a sequence of stubs has at least one");
    }
    return out;
  }

  TestVote vote(const json::Value& value, const std::string& at) {
    TestVote out;
    if (value.is_bool()) {
      out.approve = value.get_bool();
      return out;
    }
    if (!is_object(value, at)) {
      return out;
    }
    const json::Object& object = value.get_object();
    keys(object, at, {"approve", "by", "comment", "form"});
    out.approve = json::get_bool(object, "approve", true);
    out.by = text(object, at, "by");
    out.comment = text(object, at, "comment");
    if (const json::Value* const form = json::find(object, "form")) {
      out.form = *form;
    }
    return out;
  }

  std::vector<TestVote> votes(const json::Value& value, const std::string& at) {
    std::vector<TestVote> out;
    if (!value.is_array()) {
      out.push_back(vote(value, at));
      return out;
    }
    for (std::size_t i = 0; i < value.get_array().size(); ++i) {
      out.push_back(vote(value.get_array()[i], fmt::format("{}/{}", at, i)));
    }
    return out;
  }

  void expectations(const json::Object& object, const std::string& at, WorkflowTestCase& out) {
    keys(object, at, {"status", "error", "steps", "outputs", "calls", "not_called"});
    if (object.contains("status")) {
      out.status = text(object, at, "status");
    }
    out.error = text(object, at, "error");
    for (const auto& pair : members(object, at, "steps")) {
      out.steps[std::string(pair.key())] =
          expected(pair.value(), member(member(at, "steps"), pair.key()));
    }
    out.outputs = members(object, at, "outputs");
    out.calls = members(object, at, "calls");
    out.not_called = texts(object, at, "not_called");
  }

  ExpectedStep expected(const json::Value& value, const std::string& at) {
    ExpectedStep out;
    if (value.is_string()) {
      out.status = json::view(value.get_string());
      return out;
    }
    if (!is_object(value, at)) {
      return out;
    }
    const json::Object& object = value.get_object();
    keys(object, at, {"status", "error", "attempts", "output"});
    out.status = text(object, at, "status");
    out.error = text(object, at, "error");
    if (object.contains("attempts")) {
      out.attempts = json::get_int(object, "attempts");
    }
    if (const json::Value* const output = json::find(object, "output")) {
      out.output = *output;
    }
    return out;
  }

  const yaml::Document& document_;
  std::vector<std::string> problems_;
};

}  // namespace

Result<WorkflowTestFile> read_workflow_tests(std::string_view text, const std::string& file) {
  OAP_TRY(const yaml::Document document, yaml::parse(text, file));
  Reader reader(document);
  WorkflowTestFile out = reader.read();
  if (!reader.problems().empty()) {
    return fail(Code::kConfiguration, "{}", text::join(reader.problems(), "\n"));
  }
  return out;
}

}  // namespace oap::platform
