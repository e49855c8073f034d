#include "CXML.h"

#include <new>
#include <tinyxml2.h>

using namespace tinyxml2;

static cxml_problem problem(XMLError error) {
  switch (error) {
    case XML_SUCCESS: return CXML_OK;
    case XML_ERROR_EMPTY_DOCUMENT: return CXML_EMPTY;
    case XML_ERROR_PARSING_ATTRIBUTE: return CXML_ATTRIBUTE;
    case XML_ERROR_MISMATCHED_ELEMENT: return CXML_MISMATCH;
    case XML_ELEMENT_DEPTH_EXCEEDED: return CXML_DEPTH;
    case XML_ERROR_PARSING_ELEMENT: return CXML_ELEMENT;
    case XML_ERROR_PARSING_COMMENT: return CXML_COMMENT;
    case XML_ERROR_PARSING_TEXT: return CXML_TEXT;
    case XML_ERROR_PARSING_DECLARATION:
    case XML_ERROR_PARSING_UNKNOWN: return CXML_DECLARATION;
    default: return CXML_OTHER;
  }
}

// The recursion is as deep as the document, whose depth tinyxml2 limits.
static void show(const XMLElement* element, const cxml_visitor* visitor) {
  visitor->begin(visitor->context, element->Name(), element->GetLineNum());
  for (const XMLAttribute* attribute = element->FirstAttribute(); attribute;
       attribute = attribute->Next()) {
    visitor->attribute(visitor->context, attribute->Name(), attribute->Value());
  }
  for (const XMLElement* child = element->FirstChildElement(); child;
       child = child->NextSiblingElement()) {
    show(child, visitor);
  }
  visitor->end(visitor->context);
}

cxml_problem cxml_read(const char* bytes, size_t count, const cxml_visitor* visitor, int* line) {
  *line = 0;
  try {
    XMLDocument document;
    XMLError error = document.Parse(bytes, count);
    if (error != XML_SUCCESS) {
      *line = document.ErrorLineNum();
      return problem(error);
    }
    const XMLElement* root = document.RootElement();
    if (!root) return CXML_EMPTY;
    show(root, visitor);
    return CXML_OK;
  } catch (const std::bad_alloc&) {
    return CXML_OTHER;
  }
}
