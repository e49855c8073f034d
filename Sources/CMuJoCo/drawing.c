#include "guard.h"

#include <string.h>

cmj_result cmj_makeScene(const mjModel* model, mjvScene* scene, int geomCapacity) {
  mjv_defaultScene(scene);
  GUARDED(mjv_makeScene(model, scene, geomCapacity), NOTHING, CMJ_FAILED);
  return CMJ_OK;
}

cmj_result cmj_makeContext(const mjModel* model, mjrContext* context, int fontScale) {
  mjr_defaultContext(context);
  GUARDED(mjr_makeContext(model, context, fontScale), NOTHING, CMJ_FAILED);
  return CMJ_OK;
}

cmj_result cmj_updateScene(const mjModel* model, mjData* data, const mjvOption* option,
                           mjvCamera* camera, mjvScene* scene) {
  GUARDED(mjv_updateScene(model, data, option, NULL, camera, mjCAT_ALL, scene),
          releaseStack(data), CMJ_FAILED);
  return CMJ_OK;
}

void cmj_moveCamera(const mjModel* model, int action, double x, double y, const mjvScene* scene,
                    mjvCamera* camera) {
#if mjVERSION_HEADER >= 3011000
  (void)scene;
  mjv_moveCamera(model, action, x, y, camera);
#else
  mjv_moveCamera(model, action, x, y, scene, camera);
#endif
}

cmj_result cmj_render(mjrRect viewport, mjvScene* scene, const mjrContext* context) {
  GUARDED(mjr_render(viewport, scene, context), NOTHING, CMJ_FAILED);
  return CMJ_OK;
}

cmj_result cmj_setBuffer(int buffer, mjrContext* context) {
  GUARDED(mjr_setBuffer(buffer, context), NOTHING, CMJ_FAILED);
  return CMJ_OK;
}

cmj_result cmj_readPixels(unsigned char* rgb, float* depth, mjrRect viewport,
                          const mjrContext* context) {
  GUARDED(mjr_readPixels(rgb, depth, viewport, context), NOTHING, CMJ_FAILED);
  return CMJ_OK;
}

static mjvGeom* nextGeom(mjvScene* scene, int type, const double size[3],
                         const double position[3], const double rotation[9], const float rgba[4],
                         float emission) {
  if (scene->ngeom >= scene->maxgeom) return NULL;
  mjvGeom* geom = &scene->geoms[scene->ngeom];
  memset(geom, 0, sizeof *geom);
  mjv_initGeom(geom, type, size, position, rotation, rgba);
  geom->objtype = mjOBJ_UNKNOWN;
  geom->objid = -1;
  geom->category = mjCAT_DECOR;
  geom->segid = scene->ngeom;
  geom->emission = emission;
  scene->ngeom++;
  return geom;
}

int cmj_addGeom(mjvScene* scene, int type, const double size[3], const double position[3],
                const double rotation[9], const float rgba[4], float emission) {
  return nextGeom(scene, type, size, position, rotation, rgba, emission) != NULL;
}

int cmj_addConnector(mjvScene* scene, int type, double width, const double from[3],
                     const double to[3], const float rgba[4], float emission) {
  mjvGeom* geom = nextGeom(scene, type, NULL, NULL, NULL, rgba, emission);
  if (!geom) return 0;
#if mjVERSION_HEADER >= 310
  mjv_connector(geom, type, width, from, to);
#else
  mjv_makeConnector(geom, type, width, from[0], from[1], from[2], to[0], to[1], to[2]);
#endif
  return 1;
}
