#pragma once

#include <string>

#include "json/value.hpp"

namespace oap::migration {

/// A JSON object as YAML for people: maps in block style, everything below a list in JSON. Keys
/// keep their order. Reading it back gives the same value. Pure.
std::string yaml_text(const json::Object& object);

}  // namespace oap::migration
