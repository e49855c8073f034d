#include "guard.h"

#include <mujoco/mjxmacro.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

_Thread_local jmp_buf* cmj_jumpTarget;
static _Thread_local char errorMessage[CMJ_MESSAGE_SIZE];
static _Thread_local char warningMessage[CMJ_MESSAGE_SIZE];

// Serialises loading: the XML compiler of older versions keeps global state.
static pthread_mutex_t loading = PTHREAD_MUTEX_INITIALIZER;

static void onError(const char* message) {
  snprintf(errorMessage, sizeof errorMessage, "%s", message);
  if (cmj_jumpTarget) {
    jmp_buf* target = cmj_jumpTarget;
    cmj_jumpTarget = NULL;
    _longjmp(*target, 1);
  }
  // MuJoCo was called without a guard; going on from here is undefined.
  fprintf(stderr, "MuJoCo: %s\n", message);
  abort();
}

static void onWarning(const char* message) {
  snprintf(warningMessage, sizeof warningMessage, "%s", message);
}

__attribute__((constructor)) static void takeOverMessages(void) {
  mju_user_error = onError;
  mju_user_warning = onWarning;
}

const char* cmj_errorMessage(void) { return errorMessage; }
const char* cmj_warningMessage(void) { return warningMessage; }
void cmj_clearWarning(void) { warningMessage[0] = 0; }

static mjModel* loadModel(const char* name, const mjVFS* files) {
  errorMessage[0] = 0;
  warningMessage[0] = 0;
  char message[CMJ_MESSAGE_SIZE] = "";
  mjModel* volatile model = NULL;
  pthread_mutex_lock(&loading);
  GUARDED(model = mj_loadXML(name, files, message, sizeof message),
          pthread_mutex_unlock(&loading), NULL);
  pthread_mutex_unlock(&loading);
  if (!model) {
    snprintf(errorMessage, sizeof errorMessage, "%s", message[0] ? message : "unknown error");
  } else if (message[0]) {
    snprintf(warningMessage, sizeof warningMessage, "%s", message);
  }
  return model;
}

mjModel* cmj_loadModelFile(const char* path) { return loadModel(path, NULL); }

// Before version 3 mjVFS takes some hundred kilobytes: too much for the stack.
struct cmj_files {
  mjVFS system;
};

cmj_files* cmj_makeFiles(void) {
  cmj_files* files = malloc(sizeof *files);
  if (files) mj_defaultVFS(&files->system);
  return files;
}

void cmj_deleteFiles(cmj_files* files) {
  mj_deleteVFS(&files->system);
  free(files);
}

static int addBytes(mjVFS* system, const char* name, const void* bytes, int length) {
#if mjVERSION_HEADER >= 300
  return mj_addBufferVFS(system, name, bytes, length);
#else
  int status = mj_makeEmptyFileVFS(system, name, length);
  if (status == 0) memcpy(system->filedata[mj_findFileVFS(system, name)], bytes, (size_t)length);
  return status;
#endif
}

cmj_result cmj_addFile(cmj_files* files, const char* name, const void* bytes, int length) {
  size_t size = strlen(name);
  int status = -1;
  if (length <= 0 || size < 1 || size > CMJ_FILE_NAME_SIZE || strpbrk(name, "/\\")) {
    snprintf(errorMessage, sizeof errorMessage, "%s",
             length > 0 ? "its name is not a valid file name" : "the file is empty");
    return CMJ_FAILED;
  }
  GUARDED(status = addBytes(&files->system, name, bytes, length), NOTHING, CMJ_FAILED);
  if (status != 0) {
    snprintf(errorMessage, sizeof errorMessage, "%s",
             status == 2 ? "two files have this name" : "there is not enough space for it");
    return CMJ_FAILED;
  }
  return CMJ_OK;
}

mjModel* cmj_loadModelFiles(const cmj_files* files, const char* name) {
  return loadModel(name, &files->system);
}

// Whether a field of mjModel affects only looks and names, and not the physics.
static int isAppearance(const char* name) {
  static const char* const beginnings[] = {
      "name", "cam_", "light_", "tex_", "mat_", "skin_", "text_", "tuple_", "numeric_", "key_",
      "mesh_tex", "mesh_normal", "ntex", "nmat", "ncam", "nlight", "nskin", "ntext", "ntuple",
      "nnumeric", "nkey", "nuser_", "nnames", "nbuffer", "npaths", "paths", "nmeshtex",
      "nmeshnormal", "flex_tex", "nflextex", "tendon_width"};
  static const char* const endings[] = {"_rgba",   "_matid",   "_group",     "_user",
                                        "pathadr", "texcoord", "_castshadow"};
  size_t length = strlen(name);
  // From version 3 on actuators can be switched off by their group, which changes the physics.
  if (strcmp(name, "actuator_group") == 0) return 0;
  for (size_t i = 0; i < sizeof beginnings / sizeof *beginnings; i++) {
    if (strncmp(name, beginnings[i], strlen(beginnings[i])) == 0) return 1;
  }
  for (size_t i = 0; i < sizeof endings / sizeof *endings; i++) {
    size_t size = strlen(endings[i]);
    if (length >= size && strcmp(name + length - size, endings[i]) == 0) return 1;
  }
  return 0;
}

static char typeOf(const char* type) {
  return strcmp(type, "int") == 0       ? 'i'
         : strcmp(type, "float") == 0   ? 'f'
         : strcmp(type, "mjtNum") == 0  ? 'd'
         : strcmp(type, "mjtSize") == 0 ? 'l'
                                        : 'b';
}

void cmj_visitPhysics(const mjModel* model, cmj_visitor visit, void* context) {
#define X(field)                                                                       \
  if (!isAppearance(#field)) {                                                         \
    long long size = (long long)model->field;                                          \
    int narrow = (int)size;                                                            \
    visit(context, #field, 'i', &narrow, 1, 1);                                        \
  }
#ifdef MJMODEL_SIZES
  MJMODEL_SIZES
#else
  MJMODEL_INTS
#endif
#undef X
#ifdef MJOPTION_FIELDS
#define X(type, field, size) \
  visit(context, "opt_" #field, typeOf(#type), &model->opt.field, 1, size);
#define XVEC(type, field, size) \
  visit(context, "opt_" #field, typeOf(#type), model->opt.field, 1, size);
  MJOPTION_FIELDS
#undef XVEC
#undef X
#else
#define X(type, field) visit(context, "opt_" #field, typeOf(#type), &model->opt.field, 1, 1);
  MJOPTION_SCALARS
#undef X
#define X(field, size) visit(context, "opt_" #field, 'd', model->opt.field, 1, size);
  MJOPTION_VECTORS
#undef X
#endif
  // The solver scales its tolerance by it.
  visit(context, "stat_meaninertia", 'd', &model->stat.meaninertia, 1, 1);
  MJMODEL_POINTERS_PREAMBLE(model)
#define X(type, field, rows, columns)                                                  \
  if (!isAppearance(#field) && model->rows > 0) {                                      \
    visit(context, #field, typeOf(#type), model->field, model->rows, columns);         \
  }
  MJMODEL_POINTERS
#undef X
}

int cmj_testsGeoms(const mjModel* model) {
#if mjVERSION_HEADER >= 300
  (void)model;  // There is no such option any more.
  return 1;
#else
  return model->opt.collision == mjCOL_ALL || model->opt.collision == mjCOL_DYNAMIC;
#endif
}

int cmj_modelSize(const mjModel* model) { return (int)mj_sizeModel(model); }

cmj_result cmj_saveModel(const mjModel* model, void* bytes, int length) {
  GUARDED(mj_saveModel(model, NULL, bytes, length), NOTHING, CMJ_FAILED);
  return CMJ_OK;
}

mjData* cmj_makeData(const mjModel* model) {
  mjData* volatile data = NULL;
  GUARDED(data = mj_makeData(model), NOTHING, NULL);
  return data;
}

static void addWarnings(mjData* data, const int counts[mjNWARNING]) {
  for (int kind = 0; kind < mjNWARNING; kind++) data->warning[kind].number += counts[kind];
}

cmj_result cmj_step(const mjModel* model, mjData* data, int count) {
  int counts[mjNWARNING];
  for (int kind = 0; kind < mjNWARNING; kind++) {
    counts[kind] = data->warning[kind].number;
    data->warning[kind].number = 0;
  }
  GUARDED(for (int step = 0; step < count; step++) mj_step(model, data),
          releaseStack(data); addWarnings(data, counts), CMJ_FAILED);
  addWarnings(data, counts);
  return CMJ_OK;
}

cmj_result cmj_forward(const mjModel* model, mjData* data) {
  GUARDED(mj_forward(model, data), releaseStack(data), CMJ_FAILED);
  return CMJ_OK;
}

void cmj_normalizeQuaternions(const mjModel* model, mjData* data) {
#if mjVERSION_HEADER >= 300
  mj_normalizeQuat(model, data->qpos);
#else
  // mj_forward has normalised them; doing it once more might change the last bit.
  (void)model;
  (void)data;
#endif
}

cmj_result cmj_reset(const mjModel* model, mjData* data) {
  GUARDED(mj_resetData(model, data), NOTHING, CMJ_FAILED);
  return CMJ_OK;
}

cmj_result cmj_resetToKeyframe(const mjModel* model, mjData* data, int keyframe) {
  GUARDED(mj_resetDataKeyframe(model, data, keyframe), NOTHING, CMJ_FAILED);
  return CMJ_OK;
}

static void updatePose(const mjModel* model, mjData* data) {
  mj_kinematics(model, data);
  mj_comPos(model, data);
  mj_camlight(model, data);
#if mjVERSION_HEADER >= 300
  mj_flex(model, data);
#endif
  mj_tendon(model, data);
}

cmj_result cmj_updatePose(const mjModel* model, mjData* data) {
  GUARDED(updatePose(model, data), releaseStack(data), CMJ_FAILED);
  return CMJ_OK;
}

// MuJoCo's own number of each kind; -1 if this version doesn't have the kind.
static const int warningKinds[CMJ_WARNING_KINDS] = {
  mjWARN_INERTIA, mjWARN_CONTACTFULL, mjWARN_CNSTRFULL,
#if mjVERSION_HEADER < 3007000
  mjWARN_VGEOMFULL,
#else
  -1,
#endif
  mjWARN_BADQPOS, mjWARN_BADQVEL, mjWARN_BADQACC, mjWARN_BADCTRL,
};

int cmj_warningCount(const mjData* data, int kind) {
  int number = warningKinds[kind];
  return number < 0 ? 0 : data->warning[number].number;
}

void cmj_setWarningCount(mjData* data, int kind, int count) {
  int number = warningKinds[kind];
  if (number >= 0) data->warning[number].number = count;
}

const char* cmj_warningText(const mjData* data, int kind) {
  int number = warningKinds[kind];
  return number < 0 ? "" : mju_warningText(number, data->warning[number].lastinfo);
}

int cmj_actuatorCount(const mjModel* model) {
#if mjVERSION_HEADER >= 3011000
  return (int)model->nactuator;
#else
  return (int)model->nu;
#endif
}

int cmj_firstControl(const mjModel* model, int actuator) {
#if mjVERSION_HEADER >= 3011000
  return model->actuator_ctrladr[actuator];
#else
  (void)model;
  return actuator;
#endif
}

int cmj_actuatorOfControl(const mjModel* model, int control) {
  int actuator = cmj_actuatorCount(model) - 1;
  while (actuator > 0 && cmj_firstControl(model, actuator) > control) actuator--;
  return actuator;
}

int cmj_actuatorActivation(const mjModel* model, int actuator) {
#if mjVERSION_HEADER >= 300
  return model->actuator_actadr[actuator];
#else
  // Each actuator that has a state has one activation.
  if (model->actuator_dyntype[actuator] == mjDYN_NONE) return -1;
  int address = 0;
  for (int i = 0; i < actuator; i++) address += model->actuator_dyntype[i] != mjDYN_NONE;
  return address;
#endif
}

int cmj_flexCount(const mjModel* model) {
#if mjVERSION_HEADER >= 300
  return (int)model->nflex;
#else
  (void)model;
  return 0;
#endif
}

const char* cmj_sensorType(int type) {
  static const struct {
    int type;
    const char* name;
  } types[] = {
    {mjSENS_TOUCH, "touch"},
    {mjSENS_ACCELEROMETER, "accelerometer"},
    {mjSENS_VELOCIMETER, "velocimeter"},
    {mjSENS_GYRO, "gyro"},
    {mjSENS_FORCE, "force"},
    {mjSENS_TORQUE, "torque"},
    {mjSENS_MAGNETOMETER, "magnetometer"},
    {mjSENS_RANGEFINDER, "rangefinder"},
    {mjSENS_JOINTPOS, "jointpos"},
    {mjSENS_JOINTVEL, "jointvel"},
    {mjSENS_TENDONPOS, "tendonpos"},
    {mjSENS_TENDONVEL, "tendonvel"},
    {mjSENS_ACTUATORPOS, "actuatorpos"},
    {mjSENS_ACTUATORVEL, "actuatorvel"},
    {mjSENS_ACTUATORFRC, "actuatorfrc"},
    {mjSENS_BALLQUAT, "ballquat"},
    {mjSENS_BALLANGVEL, "ballangvel"},
    {mjSENS_JOINTLIMITPOS, "jointlimitpos"},
    {mjSENS_JOINTLIMITVEL, "jointlimitvel"},
    {mjSENS_JOINTLIMITFRC, "jointlimitfrc"},
    {mjSENS_TENDONLIMITPOS, "tendonlimitpos"},
    {mjSENS_TENDONLIMITVEL, "tendonlimitvel"},
    {mjSENS_TENDONLIMITFRC, "tendonlimitfrc"},
    {mjSENS_FRAMEPOS, "framepos"},
    {mjSENS_FRAMEQUAT, "framequat"},
    {mjSENS_FRAMEXAXIS, "framexaxis"},
    {mjSENS_FRAMEYAXIS, "frameyaxis"},
    {mjSENS_FRAMEZAXIS, "framezaxis"},
    {mjSENS_FRAMELINVEL, "framelinvel"},
    {mjSENS_FRAMEANGVEL, "frameangvel"},
    {mjSENS_FRAMELINACC, "framelinacc"},
    {mjSENS_FRAMEANGACC, "frameangacc"},
    {mjSENS_SUBTREECOM, "subtreecom"},
    {mjSENS_SUBTREELINVEL, "subtreelinvel"},
    {mjSENS_SUBTREEANGMOM, "subtreeangmom"},
    {mjSENS_CLOCK, "clock"},
    {mjSENS_USER, "user"},
#if mjVERSION_HEADER >= 337
    {mjSENS_CAMPROJECTION, "camprojection"},
    {mjSENS_JOINTACTFRC, "jointactuatorfrc"},
    {mjSENS_TENDONACTFRC, "tendonactuatorfrc"},
    {mjSENS_INSIDESITE, "insidesite"},
    {mjSENS_GEOMDIST, "distance"},
    {mjSENS_GEOMNORMAL, "normal"},
    {mjSENS_GEOMFROMTO, "fromto"},
    {mjSENS_CONTACT, "contact"},
    {mjSENS_E_POTENTIAL, "e_potential"},
    {mjSENS_E_KINETIC, "e_kinetic"},
    {mjSENS_TACTILE, "tactile"},
    {mjSENS_PLUGIN, "plugin"},
#endif
  };
  for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
    if (types[i].type == type) return types[i].name;
  }
  return NULL;
}

int cmj_jointForceRange(const mjModel* model, int joint, double range[2]) {
#if mjVERSION_HEADER >= 300
  range[0] = model->jnt_actfrcrange[2 * joint];
  range[1] = model->jnt_actfrcrange[2 * joint + 1];
  return model->jnt_actfrclimited[joint] != 0;
#else
  (void)model, (void)joint;
  range[0] = range[1] = 0;
  return 0;
#endif
}

#if mjVERSION_HEADER >= 300
enum {
  otherState = mjSTATE_INTEGRATION &
    ~(mjSTATE_TIME | mjSTATE_QPOS | mjSTATE_QVEL | mjSTATE_ACT | mjSTATE_WARMSTART |
      mjSTATE_CTRL | mjSTATE_QFRC_APPLIED | mjSTATE_XFRC_APPLIED | mjSTATE_MOCAP_POS |
      mjSTATE_MOCAP_QUAT | mjSTATE_USERDATA)
};

int cmj_otherStateSize(const mjModel* model) { return (int)mj_stateSize(model, otherState); }

void cmj_getOtherState(const mjModel* model, const mjData* data, double* state) {
  mj_getState(model, data, state, otherState);
}

void cmj_setOtherState(const mjModel* model, mjData* data, const double* state) {
  mj_setState(model, data, state, otherState);
}
#else
int cmj_otherStateSize(const mjModel* model) { return (void)model, 0; }

void cmj_getOtherState(const mjModel* model, const mjData* data, double* state) {
  (void)model, (void)data, (void)state;
}

void cmj_setOtherState(const mjModel* model, mjData* data, const double* state) {
  (void)model, (void)data, (void)state;
}
#endif
