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
//       Shape(T&& shape) : Shape(index_of<T, ShapeVariant>, &shape) {}
//       template <AlternativeOf<ShapeVariant> T>
//       Shape(const T& shape) : Shape(T(shape)) {}
//       Shape(const Shape&); ...                     // in the source file: = default
//      private:
//       Shape(size_t index, void* shape) { emplace_alternative<ShapeVariant>(*this, index, shape); }  // likewise
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

// Makes the variant hold the alternative of that index, moved from `value`.
template <class Variant>
void emplace_alternative(Variant& variant, size_t index, void* value) {
  [&]<size_t... i>(std::index_sequence<i...>) {
    using Emplace = void (*)(Variant&, void*);
    static constexpr std::array<Emplace, sizeof...(i)> emplacers{[](Variant& into, void* from) {
      into.template emplace<i>(std::move(*static_cast<std::variant_alternative_t<i, Variant>*>(from)));
    }...};
    emplacers[index](variant, value);
  }
  (std::make_index_sequence<std::variant_size_v<Variant>>{});
}

}  // namespace weft
