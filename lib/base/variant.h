// Variants of many alternatives as types of their own.
//
// Wherever the copies, moves, end and comparison of a std::variant are instantiated they cost a compiler time that
// grows with the number of alternatives: seconds for ninety. A class derived from the variant, with its special members
// defined in one source file, pays once:
//
//     using ShapeVariant = std::variant<Circle, Square, ...>;
//     class Shape : public ShapeVariant {
//      public:
//       Shape();
//       template <AlternativeOf<ShapeVariant> T>
//       Shape(T shape) : Shape(index_of<T, ShapeVariant>, &shape) {}
//       Shape(const Shape&); ...                     // in the source file: = default
//      private:
//       Shape(size_t index, void* shape);            // ... : ShapeVariant(make_alternative<ShapeVariant>(index, shape))
//     };
//
// It is used as the variant that it is: std::visit, std::get_if. Threads: values. Cost: a call where there was none.
#pragma once

#include <array>
#include <cstddef>
#include <type_traits>
#include <utility>
#include <variant>

namespace weft {

template <class T, class Variant>
inline constexpr size_t index_of = 0;
template <class T, class... Alternatives>
inline constexpr size_t index_of<T, std::variant<Alternatives...>> = [] {
  size_t index = 0;
  static_cast<void>(((std::is_same_v<T, Alternatives> ? true : (++index, false)) || ...));
  return index;
}();

template <class T, class Variant>
concept AlternativeOf = index_of<T, Variant> < std::variant_size_v<Variant>;

// A variant whose alternative of that index is moved from `value`.
template <class Variant>
Variant make_alternative(size_t index, void* value) {
  return [&]<size_t... i>(std::index_sequence<i...>) {
    using Make = Variant (*)(void*);
    static constexpr std::array<Make, sizeof...(i)> makers{[](void* from) {
      return Variant(std::in_place_index<i>, std::move(*static_cast<std::variant_alternative_t<i, Variant>*>(from)));
    }...};
    return makers[index](value);
  }
  (std::make_index_sequence<std::variant_size_v<Variant>>{});
}

}  // namespace weft
