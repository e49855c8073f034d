#pragma once
#include <stddef.h>

// A shim over tinyxml2, the library with which MuJoCo reads XML, so that we read the same files as
// MuJoCo and find the same things in them.

#ifdef __cplusplus
extern "C" {
#endif

// Callbacks that receive a document element by element, in the order of the text. The strings are
// valid until cxml_read returns.
typedef struct {
  void* context;
  void (*begin)(void* context, const char* name, int line);
  void (*attribute)(void* context, const char* name, const char* value);
  void (*end)(void* context);
} cxml_visitor;

// What can be wrong with a document.
typedef enum {
  CXML_OK = 0,
  CXML_EMPTY,
  CXML_ATTRIBUTE,
  CXML_MISMATCH,
  CXML_DEPTH,
  CXML_ELEMENT,
  CXML_COMMENT,
  CXML_TEXT,
  CXML_DECLARATION,
  CXML_OTHER,
} cxml_problem;

// Reads `count` bytes and passes the first root element to `visitor`. If there is an error anywhere
// in the document, returns it instead and stores its line in `line`.
cxml_problem cxml_read(const char* bytes, size_t count, const cxml_visitor* visitor, int* line);

#ifdef __cplusplus
}
#endif
