#include "tools/builtin.hpp"

#include <gmock/gmock.h>

#include "json/schema.hpp"
#include "tools/testing/served_tools.hpp"

namespace oap::tools {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

TEST(BuiltinSpecs, AreCompleteAndSound) {
  const auto specs = builtin_specs();
  std::vector<std::string> names;
  for (const ToolSpec& spec : specs) {
    names.push_back(spec.public_name());
    EXPECT_GT(spec.description.size(), 50U) << spec.name;
    EXPECT_TRUE(json::Schema::compile(spec.input_schema)) << spec.name;
    EXPECT_FALSE(json::get_bool(spec.input_schema, "additionalProperties", true));
    const json::Object* properties = json::find_object(spec.input_schema, "properties");
    ASSERT_NE(properties, nullptr) << spec.name;
    for (const auto& property : *properties) {
      EXPECT_FALSE(json::get_string(property.value(), "description").empty()) << property.key();
    }
    ASSERT_NE(json::find_array(spec.input_schema, "required"), nullptr) << spec.name;
  }
  EXPECT_THAT(names, ElementsAre("read_file", "write_file", "edit_file", "list_dir", "glob", "grep",
                                 "bash", "python"));
}

TEST(Capabilities, NameGroupsAndSingleTools) {
  EXPECT_EQ(tools_of_capabilities({})->size(), 8U);
  EXPECT_THAT(*tools_of_capabilities({"bash"}), ElementsAre("bash"));
  EXPECT_EQ(tools_of_capabilities({"file_ops", "python"})->size(), 7U);
  EXPECT_THAT(*tools_of_capabilities({"grep", "read_file"}), ElementsAre("read_file", "grep"));
  const auto unknown = tools_of_capabilities({"pyton"});
  ASSERT_FALSE(unknown);
  EXPECT_THAT(unknown.error().message(), HasSubstr("did you mean 'python'"));
}

using Server = testing::ServedTools;

TEST_F(Server, OffersTheSpecs) {
  const auto tools = client().tools();
  ASSERT_TRUE(tools);
  const auto specs = builtin_specs();
  ASSERT_EQ(tools->size(), specs.size());
  for (std::size_t i = 0; i < specs.size(); ++i) {
    EXPECT_EQ(json::print((*tools)[i].definition), json::print(specs[i].definition));
  }
}

TEST_F(Server, RefusesAWorkspaceThatIsNotThere) {
  workspace_ = top_ + "/absent";
  ASSERT_FALSE(client());
  EXPECT_THAT(client().error()->to_string(), HasSubstr("absent"));
}

}  // namespace
}  // namespace oap::tools
