#include "json/parse.hpp"
#include "workflow/definition/reader.hpp"
#include "workflow/embedded.hpp"

namespace oap::workflow {

json::Value workflow_schema() {
  Result<json::Value> schema = json::parse(embedded("workflow_schema.json"));
  return schema ? *std::move(schema) : json::Value();
}

}  // namespace oap::workflow
