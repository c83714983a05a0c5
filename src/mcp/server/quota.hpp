#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

#include <tl/expected.hpp>

namespace oap::mcp {

/// What a front can keep only so much of, shared among those who ask for it: once more than half of
/// the places are taken, nobody may come to hold more than a quarter of all, so that one client
/// cannot leave nothing for the others. The holder "" is this machine's operator, who may have all.
/// Belongs to one thread; places may outlive it.
class Quota {
  struct Books;

 public:
  /// `what` in the plural: "sessions".
  Quota(std::string what, std::size_t places);

  /// One place, given back when this goes. Move only; an empty one holds nothing.
  class Place {
   public:
    Place() = default;
    Place(Place&& other) noexcept
        : books_(std::move(other.books_)), entry_(std::exchange(other.entry_, nullptr)) {}
    Place& operator=(Place&& other) noexcept {
      std::swap(books_, other.books_);
      std::swap(entry_, other.entry_);
      Place old(std::move(other));
      return *this;
    }
    Place(const Place&) = delete;
    Place& operator=(const Place&) = delete;
    ~Place() { give_back(); }

   private:
    friend class Quota;
    using Entry = std::pair<const std::string, std::size_t>;
    Place(std::shared_ptr<Books> books, Entry* entry) : books_(std::move(books)), entry_(entry) {}
    void give_back();

    std::shared_ptr<Books> books_;  // outlived by places
    Entry* entry_ = nullptr;
  };
  /// Why there is none: all are taken, or the holder has its share. `message` names the limit.
  struct NoPlace {
    bool share_is_used = false;
    std::string message;
  };
  tl::expected<Place, NoPlace> take(const std::string& holder);

  std::size_t taken() const;
  std::size_t held_by(const std::string& holder) const;

 private:
  std::string what_;
  std::size_t places_;
  std::shared_ptr<Books> books_;
};

}  // namespace oap::mcp
