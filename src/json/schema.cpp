#include "json/schema.hpp"

#include <algorithm>
#include <utility>

#include "json/schema_documents.hpp"
#include "json/schema_evaluate.hpp"
#include "json/schema_node.hpp"

namespace oap::json {

struct Schema::Body {
  explicit Body(const Options& options)
      : documents(options.documents), max_depth(options.max_depth), max_steps(options.max_steps) {}

  SchemaDocuments documents;
  Program program;
  std::size_t max_depth;
  std::size_t max_steps;
};

Result<Schema> Schema::compile(const Value& schema, const Options& options) {
  if (!schema.is_object() && !schema.is_bool()) {
    return fail(Code::kInvalidArgument, "a schema must be an object, true or false, not {}",
                type_name(schema));
  }
  auto body = std::make_shared<Body>(options);
  OAP_TRY(const Value* root, body->documents.add_main(schema));
  OAP_TRY(body->program, compile_program(body->documents, *root, options.assert_formats));
  body->documents.close();
  return Schema(std::move(body));
}

Result<Schema> Schema::compile(const Value& schema) { return compile(schema, Options{}); }

std::vector<Violation> Schema::validate(const Value& instance, std::size_t limit) const {
  Evaluator evaluator({std::max<std::size_t>(limit, 1), body_->max_depth, body_->max_steps});
  const bool valid = evaluator.run(*body_->program.root, instance);
  std::vector<Violation> violations = evaluator.take_violations();
  if (!valid && violations.empty()) {
    violations.push_back({"", "", "", "is not valid"});
  }
  return violations;
}

bool Schema::is_valid(const Value& instance) const {
  return Evaluator({0, body_->max_depth, body_->max_steps}).run(*body_->program.root, instance);
}

}  // namespace oap::json
