#include "tools/entry.hpp"

#include <utility>

#include <fmt/format.h>

#include "async/run_blocking.hpp"
#include "json/parse.hpp"
#include "text/strings.hpp"
#include "tools/embedded.hpp"

namespace oap::tools {
namespace {

class FileTool final : public mcp::Tool {
 public:
  FileTool(json::Object definition, std::shared_ptr<const Shared> shared, FileFunction function)
      : definition_(std::move(definition)), shared_(std::move(shared)), function_(function) {}

  const json::Object& definition() const override { return definition_; }

  Task<ToolResult> call(json::Object arguments, mcp::CallContext context) override {
    auto work = [shared = shared_, function = function_, stop = context.stop,
                 given = json::Value(std::move(arguments))] {
      return function(shared->workspace, given, stop);
    };
    auto result = co_await async::run_blocking(*shared_->blocking, std::move(work));
    if (!result) {
      co_return ToolResult::text(result.error().to_string(), true);
    }
    co_return *std::move(result);
  }

 private:
  json::Object definition_;
  std::shared_ptr<const Shared> shared_;  // with the other tools and work on other threads
  FileFunction function_;
};

}  // namespace

json::Object define(std::string_view name, std::string_view title, Effect effect,
                    std::string_view properties, std::string_view required) {
  json::Object schema;
  schema["$schema"] = "https://json-schema.org/draft/2020-12/schema";
  schema["type"] = "object";
  schema["properties"] = json::parse(properties).value_or(json::Value(false));
  schema["required"] = json::parse(required).value_or(json::Value(false));
  schema["additionalProperties"] = false;

  json::Object hints;
  hints["readOnlyHint"] = effect == Effect::kReads;
  hints["destructiveHint"] = effect != Effect::kReads;
  hints["idempotentHint"] = effect == Effect::kReads;
  hints["openWorldHint"] = effect == Effect::kRunsAnything;

  json::Object definition;
  definition["name"] = name;
  definition["title"] = title;
  definition["description"] = text::trim(embedded(std::string(name) + ".md"));
  definition["inputSchema"] = std::move(schema);
  definition["annotations"] = std::move(hints);
  return definition;
}

std::unique_ptr<mcp::Tool> make_file_tool(json::Object definition,
                                          std::shared_ptr<const Shared> shared,
                                          FileFunction function) {
  return std::make_unique<FileTool>(std::move(definition), std::move(shared), function);
}

void add_remark(ToolResult& result, std::string_view remark) {
  if (remark.empty()) {
    return;
  }
  ToolResult block = ToolResult::text(remark);
  result.content.push_back(std::move(block.content.front()));
}

}  // namespace oap::tools
