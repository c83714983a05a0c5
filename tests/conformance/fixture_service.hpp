#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "fixture_tasks.hpp"
#include "mcp/server/service.hpp"

namespace oap::conformance {

/// The client's answer under this key in a request's params, where it has brought one.
const json::Object* input_in(const json::Object& params, std::string_view key);
/// A form field of an accepted elicitation under `key`; "" where it is not there.
std::string answer_in(const json::Object& params, std::string_view key, std::string_view field);

/// A server with every tool, resource and prompt that the official conformance suite asks a server
/// under test for, for both eras. Belongs to the executor's thread.
class FixtureService final : public mcp::Service {
 public:
  FixtureService();

  Task<mcp::Face> face(mcp::Caller caller) override;
  Task<mcp::Answer<json::Object>> handle(std::string method, json::Object params,
                                         mcp::Exchange& exchange) override;
  Task<mcp::Answer<json::Object>> watch(std::string uri, mcp::Caller caller) override;
  Task<void> unwatch(std::string uri, mcp::Caller caller) override;
  const std::vector<mcp::MirroredParam>* mirrored(std::string_view tool,
                                                  const mcp::Caller& caller) override;
  mcp::Feed& feed() override { return feed_; }

  using Reply = mcp::Answer<json::Object>;
  /// What is in the lists at present; the trigger tools turn these over.
  struct Lists {
    bool toggled_tool = true;
    bool toggled_prompt = true;
  };
  struct Call {
    json::Object params;  ///< of tools/call
    mcp::Exchange& exchange;
    mcp::Feed& feed;
    TaskTable& tasks;
    Lists& lists;

    const json::Object& arguments() const;
    /// The client's answer under this key, where it has brought one in this round.
    const json::Object* input(std::string_view key) const { return input_in(params, key); }
  };
  using Handler = std::function<Task<Reply>(Call& call)>;
  struct Tool {
    json::Object definition;
    Handler run;
  };

 private:
  Reply list(std::string_view member, json::Array items) const;
  Task<Reply> answer(std::string method, json::Object params, mcp::Exchange& exchange);
  Task<Reply> call_tool(json::Object params, mcp::Exchange& exchange);

  std::vector<Tool> tools_;
  std::map<std::string, std::vector<mcp::MirroredParam>, std::less<>> mirrored_;
  TaskTable tasks_;
  Lists lists_;
  mcp::Feed feed_;
};

inline constexpr std::string_view kToggledTool = "test_toggled_tool";

// What it is made of, a file each.
std::vector<FixtureService::Tool> plain_tools();
std::vector<FixtureService::Tool> asking_tools();
std::vector<FixtureService::Tool> multi_round_tools();
std::vector<FixtureService::Tool> task_tools();
json::Array prompt_definitions(bool with_toggled);
Task<FixtureService::Reply> get_prompt(json::Object params);
json::Array resource_definitions();
json::Array template_definitions();
FixtureService::Reply read_resource(const json::Object& params, mcp::Era era);

// Pieces of results.
json::Object text_block(std::string_view text);
json::Object image_block();
json::Object audio_block();
json::Object tool_result(json::Array content, bool is_error = false);
json::Object text_result(std::string_view text, bool is_error = false);
json::Object object_schema(json::Object properties, json::Array required = {});
json::Object definition(std::string_view name, std::string_view description, json::Object schema);
json::Object parse_object(std::string_view text);

}  // namespace oap::conformance
