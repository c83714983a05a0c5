#pragma once

#include <string>
#include <string_view>

#include "json/value.hpp"

namespace oap::json {

// What json/print.hpp returns, put behind what a text holds already. Pure.
void append_quoted(std::string& out, std::string_view text);
void append(std::string& out, const Value& value);
void append(std::string& out, const Object& members);
void append_canonical(std::string& out, const Value& value);
void append_canonical(std::string& out, const Object& members);
void append_canonical(std::string& out, const Array& items);

}  // namespace oap::json
