#include "expr/value.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "expr/compare.hpp"
#include "expr/value_body.hpp"

namespace oap::expr {

MapBody::MapBody(std::vector<std::pair<Value, Value>> values) : entries(std::move(values)) {
  order.resize(entries.size());
  std::iota(order.begin(), order.end(), 0U);
  std::sort(order.begin(), order.end(), [this](std::uint32_t a, std::uint32_t b) {
    return compare_keys(entries[a].first, entries[b].first) < 0;
  });
}

std::size_t MapBody::find(const Value& key) const {
  const auto place = std::lower_bound(
      order.begin(), order.end(), key,
      [this](std::uint32_t a, const Value& b) { return compare_keys(entries[a].first, b) < 0; });
  if (place == order.end() || compare_keys(entries[*place].first, key) != 0) {
    return entries.size();
  }
  return *place;
}

Value Value::boolean(bool value) {
  Value out(Kind::kBool, nullptr);
  out.payload_.boolean = value;
  return out;
}

Value Value::integer(std::int64_t value) {
  Value out(Kind::kInt, nullptr);
  out.payload_.integer = value;
  return out;
}

Value Value::unsigned_integer(std::uint64_t value) {
  Value out(Kind::kUint, nullptr);
  out.payload_.natural = value;
  return out;
}

Value Value::real(double value) {
  Value out(Kind::kDouble, nullptr);
  out.payload_.real = value;
  return out;
}

Value Value::text_value(Kind kind, std::string text) {
  auto* body = new TextBody(std::move(text));
  Value out(kind, body);
  out.payload_.text = body->text.data();
  out.size_ = body->text.size();
  return out;
}

Value Value::string(std::string text) { return text_value(Kind::kString, std::move(text)); }
Value Value::bytes(std::string data) { return text_value(Kind::kBytes, std::move(data)); }
Value Value::type(std::string_view name) { return text_value(Kind::kType, std::string(name)); }
Value Value::ip(std::string_view address) { return text_value(Kind::kIp, std::string(address)); }

Value Value::cidr(std::string_view address, int prefix) {
  Value out = text_value(Kind::kCidr, std::string(address));
  out.extra_ = static_cast<std::uint32_t>(prefix);
  return out;
}

Value Value::borrowed_string(std::string_view text) {
  Value out(Kind::kString, nullptr);
  out.payload_.text = text.data();
  out.size_ = text.size();
  return out;
}

Value Value::timestamp(Instant instant) {
  Value out(Kind::kTimestamp, nullptr);
  out.payload_.integer = instant.seconds;
  out.extra_ = static_cast<std::uint32_t>(instant.nanos);
  return out;
}

Value Value::duration(std::int64_t nanoseconds) {
  Value out(Kind::kDuration, nullptr);
  out.payload_.integer = nanoseconds;
  return out;
}

void Value::note(const Value& part) {
  flags_ |= part.tainted() ? kHoldsSecret : 0;
  const bool nests = (part.flags_ & kJson) == 0 &&
                     (part.is(Kind::kList) || part.is(Kind::kMap) || part.is(Kind::kOptional));
  size_ = std::max(size_, nests ? part.size_ + 1 : 1);
}

Value Value::bounded() && {
  if (size_ > kMaxNesting) {
    return error(Code::kResourceExhausted, "the value is nested too deep");
  }
  return std::move(*this);
}

Value Value::list(std::vector<Value> items) {
  auto* body = new ListBody(std::move(items));
  Value out(Kind::kList, body);
  for (const Value& item : body->items) {
    out.note(item);
  }
  return std::move(out).bounded();
}

Value Value::map(std::vector<std::pair<Value, Value>> entries) {
  auto* body = new MapBody(std::move(entries));
  Value out(Kind::kMap, body);
  for (const auto& [key, value] : body->entries) {
    out.note(key);
    out.note(value);
  }
  return std::move(out).bounded();
}

Value Value::some(Value inner) {
  auto* body = new BoxBody(std::move(inner));
  Value out(Kind::kOptional, body);
  out.note(body->inner);
  return std::move(out).bounded();
}

Value Value::none() { return {Kind::kOptional, nullptr}; }

Value Value::json(json::Value data) {
  auto* body = new JsonBody(std::move(data));
  const Value holder(Kind::kNull, body);
  return holder.wrap(body->data);
}

Value Value::borrowed_json(const json::Value& data) { return Value().wrap(data); }

Value Value::borrowed_json(const json::Object& members) {
  Value out(Kind::kMap, nullptr);
  out.flags_ = kJson;
  out.payload_.object = &members;
  return out;
}

Value Value::wrap(const json::Value& data) const {
  Value out;
  switch (data.kind()) {
    case boost::json::kind::null:
      return out;
    case boost::json::kind::bool_:
      return boolean(data.get_bool());
    case boost::json::kind::int64:
      return integer(data.get_int64());
    case boost::json::kind::uint64:
      return data.get_uint64() <= INT64_MAX ? integer(static_cast<std::int64_t>(data.get_uint64()))
                                            : unsigned_integer(data.get_uint64());
    case boost::json::kind::double_:
      return real(data.get_double());
    case boost::json::kind::string:
      out.kind_ = Kind::kString;
      out.payload_.text = data.get_string().data();
      out.size_ = data.get_string().size();
      break;
    case boost::json::kind::array:
      out.kind_ = Kind::kList;
      out.flags_ = kJson;
      out.payload_.array = &data.get_array();
      break;
    case boost::json::kind::object:
      out.kind_ = Kind::kMap;
      out.flags_ = kJson;
      out.payload_.object = &data.get_object();
      break;
  }
  if (owner_ != nullptr) {
    owner_->retain();
    out.owner_ = owner_;
  }
  return out;
}

Value Value::error(Code code, std::string message) {
  Value out(Kind::kError, new ErrorBody(code, std::move(message)));
  out.extra_ = kNowhere;
  return out;
}

Value Value::mismatch() {
  Value out(Kind::kError, nullptr);
  out.extra_ = kNowhere;
  return out;
}

Value Value::absent() { return {Kind::kAbsent, nullptr}; }

const std::vector<Value>& Value::items() const {
  return static_cast<const ListBody*>(owner_)->items;
}

const MapBody& Value::entries() const { return *static_cast<const MapBody*>(owner_); }

Value Value::inherit(Value part) const {
  part.flags_ |= flags_ & kSecret;
  return part;
}

std::size_t Value::size() const {
  if ((flags_ & kJson) != 0) {
    return kind_ == Kind::kList ? payload_.array->size() : payload_.object->size();
  }
  return kind_ == Kind::kList ? items().size() : entries().entries.size();
}

Value Value::at(std::size_t index) const {
  return inherit((flags_ & kJson) != 0 ? wrap((*payload_.array)[index]) : items()[index]);
}

Value Value::key_at(std::size_t index) const {
  if ((flags_ & kJson) == 0) {
    return inherit(entries().entries[index].first);
  }
  const auto& member = *(payload_.object->begin() + static_cast<std::ptrdiff_t>(index));
  Value key = borrowed_string({member.key().data(), member.key().size()});
  if (owner_ != nullptr) {
    owner_->retain();
    key.owner_ = owner_;
  }
  return inherit(std::move(key));
}

Value Value::value_at(std::size_t index) const {
  if ((flags_ & kJson) == 0) {
    return inherit(entries().entries[index].second);
  }
  return inherit(wrap((payload_.object->begin() + static_cast<std::ptrdiff_t>(index))->value()));
}

Value Value::find(std::string_view key) const { return find(borrowed_string(key)); }

Value Value::find(const Value& key) const {
  if ((flags_ & kJson) != 0) {
    if (!key.is(Kind::kString)) {
      return absent();
    }
    const auto* member = payload_.object->find({key.payload_.text, key.size_});
    return member == payload_.object->end() ? absent() : inherit(wrap(member->value()));
  }
  const MapBody& body = entries();
  const std::size_t index = body.find(key);
  return index == body.entries.size() ? absent() : inherit(body.entries[index].second);
}

bool Value::has_repeated_key() const {
  const MapBody& body = entries();
  for (std::size_t i = 1; i < body.order.size(); ++i) {
    if (compare_keys(body.entries[body.order[i - 1]].first, body.entries[body.order[i]].first) ==
        0) {
      return true;
    }
  }
  return false;
}

const Value* Value::inner() const {
  return owner_ == nullptr ? nullptr : &static_cast<const BoxBody*>(owner_)->inner;
}

Code Value::error_code() const {
  return owner_ == nullptr ? Code::kInvalidArgument : static_cast<const ErrorBody*>(owner_)->code;
}

std::string_view Value::error_message() const {
  if (owner_ == nullptr) {
    return "no such overload";
  }
  return static_cast<const ErrorBody*>(owner_)->message;
}

Value Value::secret() && {
  flags_ |= kSecret;
  return std::move(*this);
}

Value Value::detached() const {
  std::unordered_map<const void*, Value> done;
  return detach(done);
}

Value Value::detach(std::unordered_map<const void*, Value>& done) const {
  Value out = *this;
  if (owner_ == nullptr) {
    if (kind_ == Kind::kString) {
      const auto known = done.find(payload_.text);
      out = known != done.end() && known->second.size_ == size_ ? known->second
                                                                : string(std::string(text()));
      done.insert_or_assign(payload_.text, out);
    } else if ((flags_ & kJson) != 0) {
      out =
          json(kind_ == Kind::kList ? json::Value(*payload_.array) : json::Value(*payload_.object));
    }
  } else if ((flags_ & kJson) == 0 &&
             (kind_ == Kind::kList || kind_ == Kind::kMap || kind_ == Kind::kOptional)) {
    const auto known = done.find(owner_);
    out = known != done.end() ? known->second : detach_parts(done);
    done.emplace(owner_, out);
  }
  out.flags_ |= flags_ & (kSecret | kHoldsSecret);
  return out;
}

Value Value::detach_parts(std::unordered_map<const void*, Value>& done) const {
  if (kind_ == Kind::kOptional) {
    return some(inner()->detach(done));
  }
  if (kind_ == Kind::kList) {
    std::vector<Value> copies;
    copies.reserve(items().size());
    for (const Value& item : items()) {
      copies.push_back(item.detach(done));
    }
    return list(std::move(copies));
  }
  std::vector<std::pair<Value, Value>> copies;
  copies.reserve(entries().entries.size());
  for (const auto& [key, value] : entries().entries) {
    copies.emplace_back(key.detach(done), value.detach(done));
  }
  return map(std::move(copies));
}

std::string_view type_name(const Value& value) { return type_name(value.kind()); }

std::string_view type_name(Kind kind) {
  switch (kind) {
    case Kind::kNull:
      return "null_type";
    case Kind::kBool:
      return "bool";
    case Kind::kInt:
      return "int";
    case Kind::kUint:
      return "uint";
    case Kind::kDouble:
      return "double";
    case Kind::kString:
      return "string";
    case Kind::kBytes:
      return "bytes";
    case Kind::kTimestamp:
      return "google.protobuf.Timestamp";
    case Kind::kDuration:
      return "google.protobuf.Duration";
    case Kind::kList:
      return "list";
    case Kind::kMap:
      return "map";
    case Kind::kType:
      return "type";
    case Kind::kOptional:
      return "optional_type";
    case Kind::kIp:
      return "net.IP";
    case Kind::kCidr:
      return "net.CIDR";
    case Kind::kError:
      return "error";
    case Kind::kAbsent:
      return "nothing";
  }
  return "unknown";
}

}  // namespace oap::expr
