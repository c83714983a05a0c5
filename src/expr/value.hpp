#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/error.hpp"
#include "base/result.hpp"
#include "json/value.hpp"

namespace oap::expr {

/// The kinds of CEL values (cel-spec, "Values"). kIp and kCidr belong to the network extension.
/// kError and kAbsent never leave an evaluation: an error becomes a Result's, and kAbsent marks a
/// variable that is not bound.
enum class Kind : std::uint8_t {
  kNull,
  kBool,
  kInt,
  kUint,
  kDouble,
  kString,
  kBytes,
  kTimestamp,
  kDuration,
  kList,
  kMap,
  kType,
  kOptional,
  kIp,
  kCidr,
  kError,
  kAbsent,
};

/// An instant: seconds since 1970-01-01T00:00:00Z, and nanoseconds from 0 to 999,999,999.
struct Instant {
  std::int64_t seconds = 0;
  std::int32_t nanos = 0;
  auto operator<=>(const Instant&) const = default;
};

/// A body shared by values, counted.
class Shared {
 public:
  Shared() = default;
  Shared(const Shared&) = delete;
  Shared& operator=(const Shared&) = delete;
  virtual ~Shared() = default;
  void retain() const { uses_.fetch_add(1, std::memory_order_relaxed); }
  void release() const {
    if (uses_.fetch_sub(1, std::memory_order_acq_rel) == 1) {
      delete this;
    }
  }

 private:
  mutable std::atomic<std::uint32_t> uses_{1};
};

struct MapBody;

/// An immutable CEL value of 32 bytes; copies share their body. What is made by a `borrowed_`
/// function refers to data of the caller, who must keep it alive and unchanged as long as the value
/// and anything taken out of it. Thread-safe to read and copy.
///
/// A value may be secret. Whatever is computed from a secret is secret; a container that merely
/// holds one says so by `tainted()`.
class Value {
 public:
  Value() = default;
  Value(const Value& other) noexcept { copy(other); }
  Value(Value&& other) noexcept { steal(other); }
  Value& operator=(const Value& other) noexcept {
    if (this != &other) {
      drop();
      copy(other);
    }
    return *this;
  }
  Value& operator=(Value&& other) noexcept {
    if (this != &other) {
      drop();
      steal(other);
    }
    return *this;
  }
  ~Value() { drop(); }

  static Value boolean(bool value);
  static Value integer(std::int64_t value);
  static Value unsigned_integer(std::uint64_t value);
  static Value real(double value);
  static Value string(std::string text);  ///< UTF-8
  static Value borrowed_string(std::string_view text);
  static Value bytes(std::string data);
  static Value timestamp(Instant instant);
  static Value duration(std::int64_t nanoseconds);
  /// An error value where lists, maps and optionals would be nested more than kMaxNesting deep.
  static Value list(std::vector<Value> items);
  /// Keys must be bool, int, uint or string and differ (1, 1u and 1.0 are the same key).
  static Value map(std::vector<std::pair<Value, Value>> entries);
  /// A type by its CEL name ("int", "google.protobuf.Timestamp").
  static Value type(std::string_view name);
  static Value some(Value inner);  ///< an optional that holds a value
  static Value none();
  /// 4 or 16 bytes in network order; a CIDR also has a prefix length.
  static Value ip(std::string_view address);
  static Value cidr(std::string_view address, int prefix);
  /// JSON data: integers become int (uint beyond it), other numbers double.
  static Value json(json::Value data);
  static Value borrowed_json(const json::Value& data);
  static Value borrowed_json(const json::Object& members);
  static Value error(Code code, std::string message);
  /// "The function has no overload for these arguments": the evaluator words it.
  static Value mismatch();
  static Value absent();

  Kind kind() const { return kind_; }
  bool is(Kind kind) const { return kind_ == kind; }
  bool is_error() const { return kind_ == Kind::kError; }
  bool is_true() const { return kind_ == Kind::kBool && payload_.boolean; }
  bool is_false() const { return kind_ == Kind::kBool && !payload_.boolean; }
  bool is_number() const { return kind_ >= Kind::kInt && kind_ <= Kind::kDouble; }

  // Each wants the kind it names.
  bool as_bool() const { return payload_.boolean; }
  std::int64_t as_int() const { return payload_.integer; }
  std::uint64_t as_uint() const { return payload_.natural; }
  double as_double() const { return payload_.real; }
  std::int64_t as_duration() const { return payload_.integer; }
  Instant as_timestamp() const { return {payload_.integer, static_cast<std::int32_t>(extra_)}; }
  /// Of a string, bytes, type, IP or CIDR.
  std::string_view text() const { return {payload_.text, size_}; }
  int prefix_length() const { return static_cast<int>(extra_); }

  /// Of lists and maps. An index must be below the size.
  std::size_t size() const;
  Value at(std::size_t index) const;
  Value key_at(std::size_t index) const;
  Value value_at(std::size_t index) const;
  /// Of a map that is not JSON.
  bool has_repeated_key() const;
  /// kAbsent where the map has no such key.
  Value find(const Value& key) const;
  Value find(std::string_view key) const;
  /// Null where the optional is empty.
  const Value* inner() const;

  Code error_code() const;
  std::string_view error_message() const;
  bool is_mismatch() const { return kind_ == Kind::kError && owner_ == nullptr; }
  /// Where in the source an error arose; kNowhere until the evaluator knows.
  std::uint32_t error_offset() const { return extra_; }
  void set_error_offset(std::uint32_t offset) { extra_ = offset; }
  static constexpr std::size_t kMaxNesting = 500;
  static constexpr std::uint32_t kNowhere = UINT32_MAX;

  /// The value, marked as secret.
  Value secret() &&;
  bool is_secret() const { return (flags_ & kSecret) != 0; }
  /// Secret, or holds something secret.
  bool tainted() const { return (flags_ & (kSecret | kHoldsSecret)) != 0; }
  void taint() { flags_ |= kSecret; }

  /// A copy that borrows nothing. Strings that are borrowed are copied, deeply.
  Value detached() const;

 private:
  static constexpr std::uint8_t kSecret = 1;
  static constexpr std::uint8_t kHoldsSecret = 2;
  static constexpr std::uint8_t kJson = 4;

  Value(Kind kind, const Shared* owner) : kind_(kind), owner_(owner) {}
  static Value text_value(Kind kind, std::string text);
  Value wrap(const json::Value& data) const;
  const std::vector<Value>& items() const;
  const MapBody& entries() const;
  Value inherit(Value part) const;
  void note(const Value& part);
  Value bounded() &&;
  Value detach(std::unordered_map<const void*, Value>& done) const;
  Value detach_parts(std::unordered_map<const void*, Value>& done) const;

  void copy(const Value& other) noexcept {
    kind_ = other.kind_;
    flags_ = other.flags_;
    extra_ = other.extra_;
    payload_ = other.payload_;
    size_ = other.size_;
    owner_ = other.owner_;
    if (owner_ != nullptr) {
      owner_->retain();
    }
  }
  void steal(Value& other) noexcept {
    kind_ = other.kind_;
    flags_ = other.flags_;
    extra_ = other.extra_;
    payload_ = other.payload_;
    size_ = other.size_;
    owner_ = other.owner_;
    other.owner_ = nullptr;
    other.kind_ = Kind::kNull;
  }
  void drop() noexcept {
    if (owner_ != nullptr) {
      owner_->release();
    }
  }

  union Payload {
    bool boolean;
    std::int64_t integer;
    std::uint64_t natural;
    double real;
    const char* text;
    const json::Array* array;
    const json::Object* object;
  };

  Kind kind_ = Kind::kNull;
  std::uint8_t flags_ = 0;
  std::uint32_t extra_ = 0;
  Payload payload_{.integer = 0};
  std::size_t size_ = 0;  // of a text; of an own container how deep it is nested
  const Shared* owner_ = nullptr;
};

/// The CEL name of a value's type: "int", "null_type", "google.protobuf.Duration", "net.IP".
std::string_view type_name(const Value& value);
std::string_view type_name(Kind kind);

}  // namespace oap::expr
